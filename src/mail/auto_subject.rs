//! Subjects of automatic answers: "Automatic reply: …", "Out of office …", in the languages mail programs speak.
//!
//! Programs that send them without a word in the header are common. The words alone prove little, so they count only
//! in a mail that names something of ours.

use super::reply::languages::entries;
use super::subject_prefix::{self, Prefix};

/// Most marks (`[EXTERNAL]`) in front of the phrase.
const MARKS_MAX: usize = 8;

/// What such a subject begins with, a line a language, in lower case.
const PHRASES: &[&str] = &[
    "automatic reply, auto reply, autoreply, auto-reply, automatic response, auto response, autoresponse, auto-response",
    "auto:, out of office, out of the office, out-of-office, ooo:, i am out of the office, i'm out of the office",
    "away from the office, vacation reply, vacation message, on vacation, on holiday, away from my mail",
    "automatische antwort, abwesenheitsnotiz, abwesenheitsnachricht, abwesenheit:, automatische abwesenheit",
    "automatische rückantwort, außer haus, nicht im büro, urlaubsvertretung, autom. antwort, ich bin im urlaub",
    "réponse automatique, reponse automatique, absence du bureau, message d'absence, absent du bureau, absence :",
    "respuesta automática, respuesta automatica, fuera de la oficina, ausente de la oficina",
    "risposta automatica, fuori sede, fuori ufficio, assente dall'ufficio, assenza dall'ufficio",
    "resposta automática, resposta automatica, fora do escritório, ausência do escritório, ausência temporária",
    "automatisch antwoord, automatische antwoord, automatisch bericht, afwezigheidsbericht, niet aanwezig, afwezig:",
    "automatyczna odpowiedź, odpowiedź automatyczna, autoodpowiedź, poza biurem, nieobecność w biurze",
    "автоматический ответ, автоответ, автоответчик, нет на месте, вне офиса, автоматична відповідь",
    "autosvar, automatiskt svar, automatisk svar, frånvaromeddelande, frånvarande, fraværsbesked, fraværsmelding",
    "ikke på kontoret, fravær:, automaattinen vastaus, poissaoloviesti, poissa toimistosta",
    "otomatik yanıt, otomatik cevap, ofis dışında, ofis dışındayım",
    "automatická odpověď, mimo kancelář, nepřítomnost, automatická odpoveď, mimo kanceláriu",
    "automatikus válasz, házon kívül, răspuns automat, αυτόματη απάντηση, automatski odgovor",
    "自动回复, 自動回覆, 自动答复, 自動回复, 不在办公室, 外出通知",
    "自動応答, 自動返信, 不在通知, 不在のお知らせ, 不在",
    "자동 회신, 자동 응답, 자동회신, 부재중, 부재 중",
];

/// Whether a subject begins with the words of an automatic answer, marks like `[EXTERNAL]` aside.
#[must_use]
pub(crate) fn is_automatic(subject: &str) -> bool {
    let mut rest = subject;
    for _ in 0..MARKS_MAX {
        let Some((Prefix::Mark, behind)) = subject_prefix::split(rest) else { break };
        rest = behind;
    }
    let folded = rest.trim_start().to_lowercase().replace('\u{2019}', "'");
    entries(PHRASES).any(|phrase| {
        folded.strip_prefix(phrase).is_some_and(|rest| {
            // "Automatic replying" and "outofofficeassistant" are other words; Chinese and Japanese have no blanks.
            !phrase.ends_with(|c: char| c.is_ascii_alphabetic()) || !rest.starts_with(char::is_alphabetic)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn automatic_answers_are_known_in_many_languages() {
        for subject in [
            "Automatic reply: Printer on fire",
            "Out of Office Re: [#12] Printer on fire",
            "[EXTERNAL] Automatische Antwort: Drucker",
            "Abwesenheitsnotiz",
            "Réponse automatique : Imprimante",
            "Message d\u{2019}absence",
            "Respuesta automática: Impresora",
            "Risposta automatica: Stampante",
            "Resposta automática: Impressora",
            "Automatisch antwoord: Printer",
            "Odpowiedź automatyczna: Drukarka",
            "Автоматический ответ: Принтер",
            "Autosvar: Skrivare",
            "Automaattinen vastaus: Tulostin",
            "Otomatik yanıt: Yazıcı",
            "Automatická odpověď: Tiskárna",
            "自动回复: 打印机",
            "自動応答：プリンター",
            "자동 회신: 프린터",
        ] {
            assert!(is_automatic(subject), "{subject}");
        }
    }

    #[test]
    fn subjects_of_people_are_not_taken_for_it() {
        for subject in [
            "Re: Automatic reply does not work",
            "Printer on fire",
            "Autoreplying to spam",
            "My out of office message",
            "",
            "Re: Out of office",
        ] {
            assert!(!is_automatic(subject), "{subject}");
        }
    }

    #[test]
    fn phrases_are_in_lower_case() {
        assert!(entries(PHRASES).all(|phrase| phrase.to_lowercase() == phrase && !phrase.is_empty()));
    }
}
