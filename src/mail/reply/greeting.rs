//! Salutations and closings: what stands at the ends of a letter and says nothing else.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::languages::entries;
use super::line::{Line, fold};

/// Longest line looked at, in bytes: two long names.
const LINE_BYTES_MAX: usize = 120;
/// Most words of a salutation or a closing in the tables.
const PHRASE_WORDS_MAX: usize = 4;
/// Most words behind a salutation: a title and a name.
const NAME_WORDS_MAX: usize = 5;
/// Most lines below a closing: a name and a firm.
const LINES_BELOW_CLOSING_MAX: usize = 2;

/// Words a letter begins with.
const SALUTATIONS: &[&str] = &[
    "hi, hello, hey, dear, good morning, good afternoon, good evening, greetings",
    "hallo, liebe, lieber, sehr geehrte, sehr geehrter, guten tag, guten morgen, guten abend, moin, servus, grüß gott, grüezi",
    "bonjour, bonsoir, salut, cher, chère, chers, madame, monsieur, messieurs",
    "hola, buenos días, buenas tardes, buenas noches, buenas, estimado, estimada, estimados, querido, querida",
    "ciao, buongiorno, buonasera, salve, gentile, gentili, egregio, spettabile, caro, cara",
    "olá, oi, bom dia, boa tarde, boa noite, prezado, prezada, prezados, caros",
    "beste, geachte, goedemorgen, goedemiddag, goedendag, goedenavond, dag, hoi",
    "cześć, dzień dobry, dobry wieczór, szanowny, szanowna, szanowni, witam",
    "здравствуйте, добрый день, добрый вечер, доброе утро, привет, уважаемый, уважаемая, уважаемые, добрий день, вітаю, шановний, шановна",
    "hej, hejsan, hei, god dag, god morgon, god morgen, kära, käre, kære, kjære, hyvä, hyvää päivää, moi, terve, huomenta",
    "merhaba, merhabalar, selam, sayın, iyi günler, dobrý den, ahoj, vážený, vážená, vážení, dobrý deň, szia, tisztelt, jó napot, üdvözlöm",
    "bună ziua, bună, salut, stimate, stimată, γεια σας, γεια, αγαπητέ, αγαπητή, καλημέρα, καλησπέρα, здравейте, добър ден, dobar dan, pozdravljeni",
    "שלום, היי, مرحبا, السلام عليكم, سلام, xin chào, chào, kính gửi, สวัสดี, สวัสดีครับ, สวัสดีค่ะ, เรียน, halo, selamat pagi, selamat siang, yth",
    "你好, 您好, 尊敬的, こんにちは, お世話になっております, お世話になります, 안녕하세요, 안녕하십니까",
];

/// Words that go with a name, or stand for one.
const NAMES: &[&str] = &[
    "mr, mrs, ms, miss, dr, sir, madam, all, everyone, there, team, support, folks, and, or",
    "herr, herrn, frau, damen, und, herren, zusammen, kollegen, alle, herr, m, mme, et, tous, toutes, équipe",
    "señor, señora, señores, sr, sra, equipo, todos, a, signor, signora, dott, tutti, e, senhor, senhora, equipe, team",
    "heer, mevrouw, dhr, mevr, allemaal, en, pan, pani, panie, państwo, panowie, господин, госпожа, коллеги, bey, hanım",
    "og, och, ja, hr, fr, de, la, le, les, van, von, der, den, di, da, del, ve, i, y",
];

/// Words a letter ends with, above a name. Thanks are an answer, and none of them.
const CLOSINGS: &[&str] = &[
    "best regards, kind regards, warm regards, regards, best wishes, best, sincerely, yours sincerely, yours faithfully, yours truly, cheers, br",
    "mit freundlichen grüßen, mit freundlichen grüssen, mit freundlichem gruß, mit lieben grüßen, mit besten grüßen, mit herzlichen grüßen, herzliche grüße, freundliche grüße, beste grüße, viele grüße, liebe grüße, schöne grüße, gruß, grüße, mfg, vg, lg",
    "cordialement, bien cordialement, bien à vous, sincères salutations, meilleures salutations, cdt, saludos, un saludo, saludos cordiales, atentamente",
    "cordiali saluti, distinti saluti, saluti, un saluto, atenciosamente, cumprimentos, com os melhores cumprimentos, abraços, att",
    "met vriendelijke groet, met vriendelijke groeten, groet, groeten, mvg, pozdrawiam, z poważaniem, с уважением, з повагою",
    "med vänliga hälsningar, vänliga hälsningar, hälsningar, mvh, med venlig hilsen, venlig hilsen, med vennlig hilsen, vennlig hilsen, hilsen",
    "ystävällisin terveisin, terveisin, saygılarımla, iyi çalışmalar, s pozdravem, s pozdravom, üdvözlettel, cu stimă, με εκτίμηση",
    "בברכה, مع التحية, trân trọng, ด้วยความเคารพ, salam, hormat kami, 此致, 敬礼, よろしくお願いします, 敬具, 감사합니다",
];

static SALUTATION: LazyLock<HashSet<&'static str>> = LazyLock::new(|| entries(SALUTATIONS).collect());
static NAME: LazyLock<HashSet<&'static str>> = LazyLock::new(|| entries(NAMES).collect());
static CLOSING: LazyLock<HashSet<&'static str>> = LazyLock::new(|| entries(CLOSINGS).collect());

/// The words of a line with what stands between them left out.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let is_between = |c: char| {
        c.is_whitespace() || matches!(c, ',' | '.' | ':' | ';' | '!' | '/' | '，' | '、' | '。' | '！' | '：')
    };
    text.split(is_between).filter(|word| !word.is_empty())
}

/// How many words at the beginning are one of the phrases: the longest.
fn phrase_length(words: &[String], phrases: &HashSet<&'static str>) -> Option<usize> {
    (1..=PHRASE_WORDS_MAX.min(words.len())).rev().find(|count| phrases.contains(words[..*count].join(" ").as_str()))
}

/// "Dear Mr Example,", "Hi Sam", "Guten Tag zusammen,".
pub(super) fn is_salutation(text: &str) -> bool {
    if text.len() > LINE_BYTES_MAX || text.contains(['?', '？']) {
        return false;
    }
    let words: Vec<String> = words_of(text).map(fold).collect();
    let Some(length) = phrase_length(&words, &SALUTATION) else { return false };
    let is_name =
        |(word, folded): (&str, &String)| !word.starts_with(char::is_lowercase) || NAME.contains(folded.as_str());
    words.len() - length <= NAME_WORDS_MAX && words_of(text).zip(&words).skip(length).all(is_name)
}

/// "Best regards," and the like, perhaps with a name behind it.
pub(super) fn is_closing(text: &str) -> bool {
    if text.len() > LINE_BYTES_MAX || text.contains(['?', '？']) {
        return false;
    }
    let words: Vec<String> = words_of(text).map(fold).collect();
    let mut length = 0;
    // Some close in two languages.
    while let Some(more) = phrase_length(words.get(length..).unwrap_or_default(), &CLOSING) {
        length += more;
    }
    length > 0 && words_of(text).skip(length).all(|word| !word.starts_with(char::is_lowercase))
}

/// Whether these lines hold a salutation, perhaps a closing with a name below, and nothing else: then what the person had
/// to say is somewhere else.
pub(super) fn is_all_greeting<'a>(mut lines: impl Iterator<Item = &'a Line<'a>>) -> bool {
    let is_salutation = lines.next().is_some_and(|line| is_salutation(line.text));
    let mut below = lines.skip_while(|line| line.is_rule());
    is_salutation && below.next().is_none_or(|line| is_closing(line.text)) && below.count() <= LINES_BELOW_CLOSING_MAX
}

#[cfg(test)]
mod tests {
    use super::super::line::lines_of_text;
    use super::*;

    #[test]
    fn salutations_of_many_languages_are_known() {
        for text in [
            "Hi Bob,",
            "Hello",
            "Dear Ms Example,",
            "Hi all",
            "Sehr geehrte Damen und Herren,",
            "Guten Morgen Herr Meier",
            "Bonjour Madame,",
            "Buenos días",
            "Gentile dott. Rossi,",
            "Beste Bob,",
            "Dzień dobry",
            "Здравствуйте, Анна!",
            "Hej!",
            "Merhaba",
            "您好",
            "こんにちは",
            "안녕하세요",
        ] {
            assert!(is_salutation(text), "{text}");
        }
        for text in ["Hi, that works", "Hello it is me again", "Dear Bob, is it done?", "Yes", "Hallo geht wieder", ""]
        {
            assert!(!is_salutation(text), "{text}");
        }
    }

    #[test]
    fn letter_without_a_word_between_salutation_and_name_says_nothing() {
        let says_nothing = |text: &str| {
            let lines = lines_of_text(text);
            is_all_greeting(lines.iter().filter(|line| !line.is_blank()))
        };
        for text in [
            "Hi Bob,",
            "Hi Bob,\n\nBest regards\nAnn",
            "Guten Tag,\n\nMit freundlichen Grüßen\nAnn Example\nExample Ltd",
        ] {
            assert!(says_nothing(text), "{text}");
        }
        for text in
            ["Hi Bob,\nyes.", "Hi Bob,\n\nThanks\nAnn", "Yes\nBest regards", "Hi,\nRegards\nAnn\nExample Ltd\nIt burns"]
        {
            assert!(!says_nothing(text), "{text}");
        }
    }
}
