//! Paragraphs that companies and programs add below every mail: confidentiality, viruses, the register, the environment.
//!
//! People write single words of them ("is the lamp confidential?"), so it takes a phrase that nobody types, or that the
//! paragraph speaks of "this message" and of who may read it.

use std::sync::LazyLock;

use super::languages::entries;
use super::line::fold;

/// Fewest words of a paragraph about "this message"; a shorter one may be typed. A script without blanks has letters.
const WORDS_MIN: usize = 7;
const LETTERS_MIN: usize = 20;

/// Longest paragraph looked at, in bytes (chosen: two pages of a lawyer's).
const BYTES_MAX: usize = 8 * 1024;

/// Phrases that nobody types.
const PHRASES: &[&str] = &[
    "legally privileged, intended solely for, intended only for, not the intended recipient, consider the environment before",
    "before printing this, think before you print, scanned for viruses, checked for viruses, virus-free, registered office",
    "registered in england, company registration no, all rights reserved, to unsubscribe, you received this message because",
    "click here to unsubscribe, for more options, unsubscribe from this, received this e-mail in error, received this email in error",
    "sitz der gesellschaft, handelsregister:, registergericht, amtsgericht, auf viren geprüft, virenfrei, an die umwelt",
    "bevor sie diese e-mail ausdrucken, unerlaubtes kopieren, unbefugte weitergabe, irrtümlich erhalten, nicht der richtige adressat",
    "avant d'imprimer, pensez à l'environnement, établis à l'intention exclusive, antes de imprimir, el medio ambiente antes",
    "dirigidos exclusivamente, sometida a secreto, protección de datos personales, prima di stampare, d.lgs, regolamento ue 2016/679",
    "se você não for o destinatário, antes de imprimir, uitsluitend bestemd voor, denk aan het milieu, per vergissing ontvangen",
    "przeznaczone wyłącznie dla, przed wydrukowaniem, предназначено исключительно, предназначена исключительно, прежде чем распечатать",
    "endast avsett för, endast avsedd för, kun beregnet for, kun til den tilsigtede, vain vastaanottajalle, sadece alıcısına",
    "受信者以外の方の, 誤って受信された, 本邮件及其附件, 本邮件及附件, 본 메일은, 본 메일에 포함된",
];

/// The message, as such texts call it.
const THIS_MESSAGE: &[&str] = &[
    "this e-mail, this email, this mail, this message, this communication, this transmission, diese e-mail, diese mail, diese nachricht",
    "dieser e-mail, dieser mail, dieser nachricht, ce message, cet e-mail, ce courriel, cette communication",
    "este mensaje, este correo, este e-mail, questo messaggio, questa e-mail, presente messaggio, presente e-mail",
    "esta mensagem, este email, dit bericht, deze e-mail, dit e-mailbericht, niniejsza wiadomość, ta wiadomość, ten e-mail",
    "данное сообщение, это сообщение, данное письмо, це повідомлення, detta meddelande, detta mejl, denna e-post, det här meddelandet",
    "denne meddelelse, denne e-mail, denne meldingen, denne e-posten, tämä viesti, tämä sähköposti, bu e-posta, bu mesaj, bu ileti",
    "tento e-mail, tato zpráva, táto správa, ez az üzenet, ez az e-mail, acest mesaj, acest e-mail, αυτό το μήνυμα, το παρόν μήνυμα",
    "このメール, 本メール, 本电子邮件, 本邮件, 此邮件, 此郵件, 本信件, 이 메일, 본 메일, 이 이메일",
];

/// Stems of words about who may read it.
const SECRECY: &[&str] = &[
    "confidential, privileged, intended for, addressee, unauthorised, unauthorized, virus, meant for",
    "vertraulich, adressat, rechtlich geschützt, viren, confidentiel, destinataire, confidencial, privilegiad, destinatari",
    "riservat, confidenzial, vertrouwelijk, geadresseerde, poufn, adresat, конфиденц, конфіденц, адресат",
    "konfidenti, mottagaren, fortrolig, modtageren, mottakeren, luottamuksell, gizli, důvěrn, dôvern, bizalmas, confidenț, εμπιστευτικ",
    "机密, 保密, 機密, 기밀, 대외비",
];

/// Words for "I" and "me", which such texts never say. English "I" is "and" or "in" elsewhere, so its capital counts.
const FIRST_PERSON: &[&str] = &[
    "me, my, mine, i'm, i've, i'd, ich, mir, mich, mein, meine, meinen, je, j'ai, moi, mon, mes, yo, mí, io, mio, eu, meu, minha",
    "ik, mij, mijn, mnie, mój, moje, я, мне, меня, мой, мені, мене, jag, mig, jeg, meg, minä, minun, minulle, benim, bana",
    "mně, mne, můj, nekem, engem, mie, mea, μου, εμένα",
];

/// Words that ask for something at the beginning of a sentence.
const PLEASE: &[&str] = &[
    "please, kindly, bitte, merci, veuillez, por favor, per favore, alstublieft, graag, proszę, пожалуйста, будь ласка, vänligen, venligst",
    "vennligst, ole hyvä, lütfen, prosím, kérem, vă rog, παρακαλώ",
];

static PHRASE: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(PHRASES).collect());
static MESSAGE: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(THIS_MESSAGE).collect());
static SECRET: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(SECRECY).collect());
static I: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(FIRST_PERSON).collect());
static ASKING: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(PLEASE).collect());

/// Whether nobody typed the paragraph.
pub(super) fn is_disclaimer(paragraph: &str) -> bool {
    if paragraph.len() > BYTES_MAX {
        return false;
    }
    let folded = fold(paragraph);
    let is_word_of = |word: &str, words: &[&str]| words.contains(&word.trim_matches(|c: char| !c.is_alphanumeric()));
    if paragraph.trim_end().ends_with(['?', '？'])
        || paragraph.split_whitespace().any(|word| word.trim_matches(|c: char| !c.is_alphanumeric()) == "I")
        || folded.split(' ').any(|word| is_word_of(word, &I))
    {
        return false;
    }
    if PHRASE.iter().any(|phrase| folded.contains(phrase)) {
        return true;
    }
    let is_long = folded.split(' ').count() >= WORDS_MIN || !folded.is_ascii() && folded.chars().count() >= LETTERS_MIN;
    is_long
        && !asks(paragraph)
        && MESSAGE.iter().any(|message| folded.contains(message))
        && SECRET.iter().any(|stem| folded.contains(stem))
}

/// Whether a text begins with "please".
pub(super) fn asks(text: &str) -> bool {
    let folded = fold(text);
    ASKING.iter().any(|word| folded.strip_prefix(word).is_some_and(|rest| !rest.starts_with(char::is_alphabetic)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_companies_add_is_known_in_many_languages() {
        for text in [
            "This message is confidential and meant for its addressee. If it reached you by mistake, please delete it.",
            "Please consider the environment before printing this e-mail.",
            "Example Ltd. Registered in England and Wales under number 1234567. Registered office: 1 Main Street.",
            "To unsubscribe from this list send a mail to users-leave@lists.example.org.",
            "Diese Nachricht ist vertraulich. Sollten Sie nicht der Adressat sein, löschen Sie sie bitte.",
            "Sitz der Gesellschaft: Musterstadt, Geschäftsführer: Max Muster",
            "Ce message est confidentiel et réservé à son destinataire. Toute diffusion est interdite.",
            "Este correo puede contener información confidencial y solo puede leerlo su destinatario.",
            "Questo messaggio contiene informazioni riservate ed è diretto al solo destinatario.",
            "Esta mensagem é confidencial e só pode ser lida pelo seu destinatário.",
            "Dit bericht is vertrouwelijk en alleen voor de geadresseerde.",
            "Ta wiadomość jest poufna i przeznaczona tylko dla adresata, którego wymieniono.",
            "Это сообщение конфиденциально и предназначено только адресату, указанному выше.",
            "Detta meddelande är konfidentiellt och avsett för mottagaren allena.",
            "本メールには機密情報が含まれている可能性があります。",
        ] {
            assert!(is_disclaimer(text), "{text}");
        }
    }

    #[test]
    fn what_is_longer_than_any_is_none() {
        let text = |bytes: usize| format!("To unsubscribe {}", "x".repeat(bytes - "To unsubscribe ".len()));
        assert!(is_disclaimer(&text(BYTES_MAX)));
        assert!(!is_disclaimer(&text(BYTES_MAX + 1)));
    }

    #[test]
    fn what_people_say_about_secrets_and_printing_was_typed() {
        for text in [
            "Please unsubscribe me from your letters and send me your privacy policy.",
            "Senden Sie mir bitte Ihre Datenschutzerklärung, vertraulich.",
            "Please treat this message as confidential, it is for the addressee only.",
            "Is this mail confidential, and who is the intended recipient?",
            "This mail is confidential.",
            "I am the intended recipient of this message, and it is confidential.",
            "The environment before printing was another one.",
        ] {
            assert!(!is_disclaimer(text), "{text}");
        }
    }
}
