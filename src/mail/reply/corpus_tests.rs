//! The mails of tests/corpus/replies, each with the reply its writer typed: programs and languages, one file a program.

use std::collections::BTreeSet;

use crate::mail::{Limits, ParsedMail};

/// One mail of the corpus.
struct Case {
    /// File, language and style.
    title: String,
    mail: String,
    reply: String,
}

fn cases() -> Vec<Case> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/replies");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "mails"));
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        for piece in text.split("@@ mail ").skip(1) {
            let (title, rest) = piece.split_once('\n').unwrap();
            let (mail, reply) = rest.split_once("\n@@ reply\n").unwrap();
            let title = format!("{}: {title}", path.file_stem().unwrap().to_string_lossy());
            cases.push(Case { title, mail: mail.to_owned(), reply: reply.to_owned() });
        }
    }
    cases
}

fn read(case: &Case) -> ParsedMail {
    let fields =
        "From: Ann Example <ann@client.example>\nMessage-ID: <a@client.example>\nIn-Reply-To: <q@desk.example>";
    ParsedMail::parse(format!("{fields}\n{}\n", case.mail).as_bytes(), &Limits::default()).unwrap()
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn corpus_holds_many_programs_and_languages() {
    let cases = cases();
    let programs: BTreeSet<_> = cases.iter().map(|case| case.title.split(": ").next().unwrap()).collect();
    let languages: BTreeSet<_> =
        cases.iter().map(|case| case.title.split(": ").nth(1).unwrap().split(' ').next().unwrap()).collect();
    assert!(cases.len() >= 200 && programs.len() >= 40 && languages.len() >= 20, "{programs:?} {languages:?}");
}

#[test]
fn reply_of_every_program_in_every_language_is_found() {
    let wrong: Vec<String> = cases()
        .iter()
        .filter_map(|case| {
            let reply = read(case).reply_text().to_owned();
            (squeezed(&reply) != squeezed(&case.reply))
                .then(|| format!("{}\n  wanted {:?}\n  found  {reply:?}", case.title, case.reply))
        })
        .collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn typed_text_quote_and_signature_give_back_the_whole_text() {
    for case in cases() {
        let full = read(&case).full_text;
        assert_complete(&full, &case.title);
    }
}

/// Every letter of the text is in exactly one of the three parts.
fn assert_complete(full: &str, what: &str) {
    let counted = |texts: &[&str]| {
        let mut letters: Vec<char> =
            texts.iter().flat_map(|text| text.chars()).filter(|c| c.is_alphanumeric()).collect();
        letters.sort_unstable();
        letters
    };
    for forwards in [super::Forwards::Kept, super::Forwards::KeptInNew, super::Forwards::PutAside] {
        let reply = super::reply_of_text(full, forwards);
        assert_eq!(counted(&[&reply.typed, &reply.quoted, &reply.signature]), counted(&[full]), "{what}");
        assert!(reply.typed.trim().is_empty() <= full.trim().is_empty(), "{what}: nothing is left");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_is_lost_from_any_mail_put_together_of_pieces(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..14),
    ) {
        assert_complete(&pieces.concat(), "pieces");
    }
}

/// What mails are made of, in any order.
const PIECES: &[&str] = &[
    "Hello Bob,\n",
    "\n",
    "Thank you, that works.\n",
    "> quoted words\n",
    ">> older words\n",
    "-- \n",
    "--\n",
    "____\n",
    "Ann Example\nExample Ltd\n",
    "On Mon, Jan 15, 2024 at 2:30 PM Bob <bob@example.org> wrote:\n",
    "Am 15.01.24 um 14:30 schrieb Bob:\n",
    "-----Original Message-----\n",
    "From: Bob <bob@example.org>\nSent: Monday, 15 January 2024 14:30\nTo: Ann\nSubject: x\n",
    "Sent from my iPhone\n",
    "---------- Forwarded message ---------\n",
    "See below, in red.\n",
    "> Begin forwarded message:\n",
    "PS: I forgot to say that the other lamp is broken too.\n",
    "Get Outlook for iOS\n",
    "##- Reply above this line -##\n",
    "This mail is confidential and meant for one person.\n",
    "2013/7/20 Ann <ann@example.org>\n",
    "https://example.org/ ann@example.org\n",
    "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n",
    "- -- \nAnn\n",
    "-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n",
    "Hi Bob,\n",
    "Best regards,\nAnn\n",
    "Does it burn?\n",
];
