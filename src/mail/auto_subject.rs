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
    "automated reply, automated response, autoresponder, auto-responder, autoanswer, not in the office, out of my office",
    "auto:, out of office, out of the office, out-of-office, ooo:, i am out of the office, i'm out of the office",
    "away from the office, vacation reply, vacation message, on vacation, on holiday, away from my mail",
    "vacation response, i am currently out, i am on leave, i am on annual leave, i'm on leave, i am away, i'm away",
    "automatische antwort, abwesenheitsnotiz, abwesenheitsnachricht, abwesenheit:, automatische abwesenheit",
    "automatische rückantwort, außer haus, nicht im büro, urlaubsvertretung, autom. antwort, ich bin im urlaub",
    "abwesenheitsmeldung, abwesenheitsassistent, abwesenheitsbenachrichtigung, ich bin nicht im büro, ich bin außer haus, ich bin derzeit nicht",
    "réponse automatique, reponse automatique, absence du bureau, message d'absence, absent du bureau, absence :",
    "en congé, en vacances, je suis absent, je suis absente, je suis en congé, notification d'absence",
    "respuesta automática, respuesta automatica, fuera de la oficina, ausente de la oficina, resposta automàtica",
    "risposta automatica, fuori sede, fuori ufficio, assente dall'ufficio, assenza dall'ufficio, messaggio di assenza",
    "resposta automática, resposta automatica, fora do escritório, ausência do escritório, ausência temporária",
    "automatisch antwoord, automatische antwoord, automatisch bericht, afwezigheidsbericht, niet aanwezig, afwezig:",
    "afwezigheidsmelding, afwezigheidsassistent, ik ben afwezig, buiten kantoor, niet op kantoor",
    "automatyczna odpowiedź, odpowiedź automatyczna, autoodpowiedź, poza biurem, nieobecność w biurze",
    "автоматический ответ, автоответ, автоответчик, нет на месте, вне офиса, отсутствую на рабочем месте, автоматична відповідь, я в отпуске",
    "автоматичен отговор, аутоматски одговор, automatinis atsakymas, automātiska atbilde, automaatvastus",
    "autosvar, automatiskt svar, automatisk svar, frånvaromeddelande, frånvarande, fraværsbesked, fraværsmelding",
    "ikke på kontoret, fravær:, automaattinen vastaus, poissaoloviesti, poissa toimistosta, ej på kontoret",
    "otomatik yanıt, otomatik cevap, ofis dışında, ofis dışındayım",
    "automatická odpověď, mimo kancelář, nepřítomnost, automatická odpoveď, mimo kanceláriu",
    "automatikus válasz, házon kívül, távolléti, răspuns automat, αυτόματη απάντηση, automatski odgovor, samodejni odgovor",
    "trả lời tự động, tự động trả lời, thư trả lời tự động, ตอบกลับอัตโนมัติ, balasan otomatis, מענה אוטומטי, תשובה אוטומטית, رد تلقائي, پاسخ خودکار",
    "自动回复, 自動回覆, 休假自动回复, 休假自動回覆, 休假通知, 外出自动回复, 自动答复, 自動回复, 不在办公室, 外出通知",
    "自動応答, 自動返信, 不在通知, 不在のお知らせ, 不在",
    "자동 회신, 자동 응답, 자동회신, 자동응답, 부재중, 부재 중",
];

/// Words that people use as well: they count only where nothing of the subject is left, or what it answers follows.
const WORDS: &[&str] = &[
    "away, absent, absence, vacation, on leave, annual leave, leave, holiday, holidays, ooo, oof",
    "abwesend, abwesenheit, urlaub, im urlaub, absence, absent, absente, congés, ausente, ausencia, de vacaciones, vacaciones",
    "assente, assenza, in ferie, ausência, férias, de férias, afwezig, afwezigheid, vakantie, nieobecność, urlop",
    "в отпуске, отпуск, borta, frånvaro, fravær, fraværende, poissa, lomalla, izinde, izinliyim, dovolená, szabadságon",
    "otsutne, odsutan, išvykęs, απουσία, în concediu, concediu",
    "parental leave, maternity leave, paternity leave, sick leave, closed for holidays, closed for the holidays, elternzeit",
    "mutterschutz, betriebsferien, betriebsurlaub, congé maternité, congé parental, fermeture annuelle, föräldraledighet",
    "thank you for contacting us, we have received your email, we have received your message, message received, eingangsbestätigung",
    "empfangsbestätigung, accusé de réception, acuse de recibo, conferma di ricezione, ontvangstbevestiging, potwierdzenie otrzymania",
];

/// "I am", in front of where somebody is instead of at work.
const I_AM: &[&str] = &[
    "i am, i'm, we are, am, ich bin, bin, wir sind, je suis, nous sommes, estoy, estamos, sono, siamo, ik ben, wij zijn",
    "jestem, estou, estamos, jag är, vi är, jeg er, vi er, olen, olemme, jsem, som, vagyok, sunt, я, є, είμαι",
];

/// "at the moment", between the two.
const NOW: &[&str] = &[
    "currently, now, derzeit, zurzeit, zur zeit, gerade, momentan, actuellement, actualmente, attualmente, momenteel, obecnie",
    "atualmente, just nu, för närvarande, for tiden, for øjeblikket, tällä hetkellä, momentálně, jelenleg, în prezent, сейчас",
];

/// Where people are then. These count as [`WORDS`] do.
const AWAY: &[&str] = &[
    "out of office, out of the office, on vacation, on holiday, on holidays, on leave, on annual leave, on parental leave",
    "on maternity leave, on paternity leave, on sick leave, away, away from the office, not in the office",
    "im urlaub, in urlaub, in elternzeit, im mutterschutz, nicht im büro, nicht im haus, nicht erreichbar, außer haus, abwesend, krank",
    "en vacances, en congé, en congés, en congé maternité, en congé parental, en arrêt maladie, absent, absente, absent du bureau, absente du bureau",
    "de vacaciones, fuera de la oficina, ausente, de baja, de permiso, in ferie, in vacanza, assente, fuori ufficio, fuori sede, in maternità",
    "op vakantie, met vakantie, met verlof, afwezig, niet aanwezig, niet op kantoor, na urlopie, poza biurem, nieobecny, nieobecna",
    "de férias, fora do escritório, de licença, på semester, föräldraledig, borta, på ferie, på orlov, ikke på kontoret, i permisjon",
    "lomalla, poissa, vanhempainvapaalla, na dovolené, mimo kancelář, na dovolenke, mimo kanceláriu, szabadságon, în concediu",
    "в отпуске, на больничном, в декрете, у відпустці, σε άδεια, izinde, izinliyim, tatilde",
];

/// What Lotus Notes writes behind the writer's name.
const IS_AWAY: &[&str] = &[
    "is out of the office, is out of office, is away, is on vacation, is on leave, ist außer haus, ist nicht im büro, ist im urlaub, ist abwesend",
    "est absent, est absente, est en congé, est en vacances, no está en la oficina, está fuera de la oficina, está de vacaciones",
    "è fuori ufficio, è fuori sede, è assente, è in ferie, is niet aanwezig, is afwezig, is niet op kantoor, está fora do escritório, está ausente",
    "jest poza biurem, jest nieobecny, jest nieobecna, är inte på kontoret, är frånvarande, er ikke på kontoret, er fraværende, on poissa",
    "není v kanceláři, nincs az irodában, отсутствует, нет на месте",
];

/// Whether a subject begins with the words of an automatic answer, marks like `[EXTERNAL]` aside. `writer` is the name in
/// From.
#[must_use]
pub(crate) fn is_automatic(subject: &str, writer: &str) -> bool {
    let mut rest = subject.trim_start();
    for _ in 0..MARKS_MAX {
        // "[Auto-Reply] Re: x"
        if rest.starts_with(['[', '(', '{']) && begins_with_phrase(&folded(rest.get(1..).unwrap_or_default())) {
            return true;
        }
        let Some((Prefix::Mark, behind)) = subject_prefix::split(rest) else { break };
        rest = behind.trim_start();
    }
    let folded = folded(rest);
    begins_with_phrase(&folded) || is_away(&folded) || is_away_by_name(&folded, writer)
}

/// "On leave: Re: x", "I am on vacation Re: x".
fn is_away(folded: &str) -> bool {
    let is_stated =
        |words, text: &str| entries(words).any(|word| text.strip_prefix(word).is_some_and(is_all_or_answers));
    let behind = |words, text: &'_ str| -> Option<String> {
        let rest =
            entries(words).filter_map(|word| text.strip_prefix(word)?.strip_prefix(' ')).min_by_key(|rest| rest.len());
        rest.map(str::to_owned)
    };
    let where_i_am = behind(I_AM, folded);
    let place = where_i_am.as_deref().map(|rest| behind(NOW, rest).unwrap_or_else(|| rest.to_owned()));
    is_stated(WORDS, folded) || is_stated(AWAY, folded) || place.is_some_and(|place| is_stated(AWAY, &place))
}

/// "Ann Example is out of the office."
fn is_away_by_name(subject: &str, writer: &str) -> bool {
    let writer = folded(writer.trim());
    let behind = subject.strip_prefix(writer.as_str()).filter(|_| !writer.is_empty());
    let is_stated = |rest: &str| {
        let is_end = |behind: &str| !behind.starts_with(char::is_alphanumeric);
        entries(IS_AWAY).any(|phrase| rest.strip_prefix(phrase).is_some_and(is_end))
    };
    behind.is_some_and(|rest| rest.starts_with(' ') && is_stated(rest.trim_start()))
}

fn folded(text: &str) -> String {
    text.to_lowercase().replace('\u{2019}', "'")
}

fn begins_with_phrase(folded: &str) -> bool {
    entries(PHRASES).any(|phrase| {
        folded.strip_prefix(phrase).is_some_and(|rest| {
            // "Automatic replying" and "outofofficeassistant" are other words; Chinese and Japanese have no blanks.
            !phrase.ends_with(|c: char| c.is_ascii_alphabetic()) || !rest.starts_with(char::is_alphabetic)
        })
    })
}

/// Whether nothing stands behind the word, or an answer's prefix or a ticket's tag, perhaps behind a colon.
fn is_all_or_answers(rest: &str) -> bool {
    let is_word_end = !rest.starts_with(char::is_alphanumeric);
    let behind = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '：' | '-' | '!' | '.'));
    let is_answer = || matches!(subject_prefix::split(behind), Some((Prefix::Answer, _)));
    is_word_end && (behind.is_empty() || behind.starts_with("[#") || is_answer())
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
            "Automated response: Printer",
            "[Auto-Reply] Re: [#12] Printer",
            "(Automatic reply) Printer",
            "Abwesend: [#12] Drucker",
            "Urlaub Re: [#12] Drucker",
            "Absence : Re: Imprimante",
            "On leave - Re: Printer",
            "Away",
            "Afwezigheidsmelding: Printer",
            "Távolléti értesítés: Nyomtató",
            "Bin im Urlaub: Re: Drucker",
            "I am out of office Re: [#12] Printer",
            "I'm currently on sick leave: Re: Printer",
            "Je suis en congé Re: Imprimante",
            "Estoy de vacaciones",
            "Sono in ferie [#12]",
            "Ik ben momenteel met verlof - Re: Printer",
            "Jestem na urlopie Re: Drukarka",
            "On parental leave: Re: Printer",
            "Elternzeit Re: Drucker",
            "Betriebsferien: [#12] Drucker",
            "Tự động trả lời: Máy in",
            "休假自动回复: 打印机",
            "Abwesenheitsassistent: Drucker",
            "Ann Example is out of the office (back on Monday)",
            "Ann Example ist außer Haus.",
            "[EXTERNAL] ann example est absente",
            "Message received: Re: [#12] Printer",
        ] {
            assert!(is_automatic(subject, "Ann Example"), "{subject}");
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
            "Re: Automatic reply: [#12] Printer",
            "Urlaub buchen [#12]",
            "Vacation: who takes over?",
            "Away team: Re: Printer",
            "[Ticket] Absence of light",
            "Leave me alone",
            "I am on holiday next week, who takes my printer [#12]?",
            "On leave planning Re: Printer",
            "Je suis en vacances sans imprimante Re: Imprimante",
            "Bob Example is out of the office",
            "Ann Example is out of the officers' list",
            "Ann Example is out of paper",
            "Elternzeit beantragen Re: [#12]",
            "Message received twice: Re: [#12]",
        ] {
            assert!(!is_automatic(subject, "Ann Example"), "{subject}");
        }
    }

    #[test]
    fn phrases_are_in_lower_case() {
        assert!(
            [PHRASES, WORDS, I_AM, NOW, AWAY, IS_AWAY]
                .into_iter()
                .flat_map(entries)
                .all(|phrase| phrase.to_lowercase() == phrase && !phrase.is_empty())
        );
    }
}
