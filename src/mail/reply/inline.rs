//! Answers written into the quoted mail itself: "see my answers below, in red". Colours and places are lost in text, so
//! such a mail is kept whole.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use super::languages::entries;
use super::line::{Line, fold};

/// Longest reply that may say so, in bytes: a longer one answers by itself (chosen: three or four sentences).
const REPLY_BYTES_MAX: usize = 400;

/// Most words of a sentence that says where the answers are (chosen).
const SENTENCE_WORDS_MAX: usize = 15;

/// Longest phrase, in words.
const PHRASE_WORDS_MAX: usize = 3;

/// What a short reply says that points into the quoted mail: answers "below", "inline", in a colour.
const ANSWERS_BELOW: &[&str] = &[
    "below, inline, in-line, interspersed, in the text, in red, in blue, in green, in bold, in color, in colour",
    "unten, unterhalb, weiter unten, untenstehend, im text, in rot, in blau, in grün, rot markiert, dazwischen",
    "ci-dessous, plus bas, ci dessous, dans le texte, dans le corps, en rouge, en bleu, en vert",
    "abajo, más abajo, debajo, en el texto, en rojo, en azul, en verde, a continuación",
    "sotto, qui sotto, di seguito, nel testo, in rosso, in blu, in verde, in calce",
    "abaixo, mais abaixo, no texto, no corpo, em vermelho, em azul, em verde, a seguir",
    "hieronder, onderstaand, in de tekst, in het rood, in het blauw, in het groen, tussen de regels",
    "poniżej, w tekście, w treści, na czerwono, na niebiesko, na zielono",
    "ниже, в тексте, красным, синим, зелёным, зеленым, нижче, червоним",
    "nedan, i texten, i rött, i blått, med rött, nedenfor, nedenunder, i teksten, med rødt, i rødt, med blåt, i blåt",
    "katso alla, vastaukset alla, vastaukseni alla, vastaan alle, alla olevat, alempana, punaisella, sinisellä, tekstissä",
    "aşağıda, aşağıdadır, metin içinde, kırmızı, kırmızıyla, mavi renkte",
    "níže, v textu, červeně, modře, zeleně, nižšie, červenou, lentebb, alább, pirossal, mai jos, cu roșu, παρακάτω, με κόκκινο",
    "见下, 下文, 下面, 如下, 红色, 蓝色, 下方, 見下, 紅色, 藍色",
    "以下, 下記, 文中, 赤字, 赤色, 青字, インライン",
    "아래, 본문, 빨간색, 파란색, 인라인",
    "s u, siehe s u, gelb markiert, farbig markiert, ci-après, ci après, entre líneas, entre linhas, tra le righe, niżej, patrz niżej",
    "по тексту, внутри письма, lent, alul, se under, tekstin seassa, πιο κάτω, κάτωθι, в листі нижче",
    "למטה, להלן, מטה, בגוף המייל, أدناه, بالأسفل, في الأسفل, bên dưới, dưới đây, phía dưới, di bawah, berikut ini",
    "ด้านล่าง, ข้างล่าง, 下に, 原文中, 文末",
];

/// Stems of words for answers and remarks.
const ANSWERS: &[&str] = &[
    "answer, response, respon, repl, comment, remark, note, antwort, beantwort, anmerk, kommentar, kommentier, hinweis",
    "répon, commentaire, remarque, respuesta, respond, contest, comentari, rispost, rispond, comment, resposta, comentári",
    "antwoord, beantwoord, opmerking, odpowied, odpowiad, komentarz, uwagi, ответ, отвеч, отвеча, коммент, відпов, комент",
    "svar, kommentar, anmärkning, bemærkning, merknad, vasta, komment, cevap, cevab, yanıt, yorum, odpov, komentář, poznám",
    "válasz, megjegyz, răspuns, comentarii, απάντησ, απαντήσ, απαντώ, σχόλι, отговор, odgovor, תשוב, תגוב, הער, إجاب, الإجاب, ردود, ردي, تعليق",
    "jawab, balas, komentar, tanggap, trả, đáp, คำตอบ, ตอบ, 回答, 回复, 回覆, 答复, 答覆, 返信, コメント, 답변, 회신, 의견",
];

/// Where and how such answers are said to stand. Each is a common phrase, so a word of the other table has to be there.
const PLACES: &[&str] = &[
    "in line, embedded, in between, between, inside, within, throughout, highlighted, marked, in capitals, in caps, in italics, after each, under each, next to",
    "in your mail, in your email, in your e-mail, in your message, in your text, in the mail, in the email, in the e-mail, in the body",
    "yellow, orange, purple, violet, pink, brown, grey, gray, red, blue, green, colour, color, coloured, colored, bold, magenta, turquoise",
    "in ihrer mail, in ihre mail, in ihrer e-mail, in ihre e-mail, in deiner mail, in deine mail, in deiner e-mail, in der mail, in der e-mail",
    "direkt in, direkt unter, jeweils, zwischen, eingefügt, hervorgehoben, markiert, farbig, fett, kursiv, gelb, lila, rosa, braun, grau, rot, blau, grün",
    "dans votre mail, dans ton mail, dans votre message, dans le mail, dans votre courriel, entre, insérées, surligné, en gras, gras, jaune, rose, rouge, bleu, vert, couleur, italique",
    "en su correo, en tu correo, en el correo, entre, intercaladas, resaltado, negrita, amarillo, naranja, morado, rojo, azul, verde, cursiva, color",
    "nella tua mail, nella sua mail, nella mail, fra, inserite, evidenziato, grassetto, giallo, arancione, viola, rosso, verde, corsivo, colore",
    "no seu email, no seu e-mail, no email, entre, inseridas, destacado, negrito, amarelo, laranja, roxo, vermelho, azul, itálico, cor",
    "in uw mail, in je mail, in de mail, in uw e-mail, tussen, gemarkeerd, vet, vetgedrukt, geel, oranje, paars, rood, blauw, groen, cursief, kleur",
    "w mailu, w twoim mailu, pomiędzy, pogrubieniem, pogrubione, żółtym, żółto, czerwonym, niebieskim, zielonym, kolorem, kursywą",
    "в письме, в вашем письме, внутри, между, жирным, выделены, выделил, выделила, жёлтым, желтым, красным, синим, зелёным, зеленым, цветом, курсивом, у листі, жовтим",
    "i mailet, i ditt mejl, i mejlet, i din mail, i mailen, i e-posten, mellan, mellem, mellom, fetstil, fed, fet, gult, gul, rött, rødt, blått, blåt, grönt, grønt, kursiv, markerat, markeret, markert",
    "joukossa, seassa, väliin, välissä, lihavoituna, keltaisella, punaisella, sinisellä, vihreällä, viestissäsi, arasında, içinde, kalın, sarı, kırmızı, mavi, yeşil",
    "v mailu, v e-mailu, mezi, medzi, tučně, tučným, žlutě, žlto, červeně, modře, zeleně, kurzívou, között, vastagon, sárgával, pirossal, kékkel, zölddel, a levélben",
    "în mail, printre, îngroșat, galben, roșu, albastru, verde, ανάμεσα, έντονα, κίτρινο, κόκκινο, μπλε, πράσινο, στο μήνυμα",
    "בצהוב, באדום, בכחול, מודגש, בתוך, בין, بالأصفر, بالأحمر, بالأزرق, بين, داخل, ضمن, giữa, trong, màu, di antara, di dalam, warna, kuning, merah, biru, tebal",
    "黄色, 红色, 紅色, 蓝色, 藍色, 绿色, 綠色, 加粗, 粗体, 粗體, 中间, 中間, 之间, 文中, 黄字, 赤字, 青字, 太字, 本文, 노란색, 빨간색, 파란색, 굵은, 사이, 본문, สีแดง, สีเหลือง, สีน้ำเงิน, ตัวหนา, ระหว่าง",
];

static PHRASES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| entries(ANSWERS_BELOW).collect());
static PLACE_PHRASES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| entries(PLACES).collect());
static STEMS: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(ANSWERS).collect());

/// Whether `typed`, which something quoted follows, is short and says that the answers are in there.
pub(super) fn announces_answers_below(lines: &[Line<'_>], typed: Range<usize>, end: usize) -> bool {
    let has_more_below = (typed.end..end).any(|at| !lines[at].is_blank());
    let bytes: usize = lines[typed.clone()].iter().map(|line| line.text.len() + 1).sum();
    if !has_more_below || bytes > REPLY_BYTES_MAX {
        return false;
    }
    let text: String =
        lines[typed].iter().filter(|line| !line.is_signature).flat_map(|line| [line.text, "\n"]).collect();
    says_below(&text)
}

fn says_below(text: &str) -> bool {
    let folded = fold(text);
    has_one_of(&PHRASES, &words_of(&folded), &folded) || sentences_of(text).any(|sentence| says_where(&fold(sentence)))
}

/// Whether a sentence has a word for an answer and one for its place or look.
fn says_where(folded: &str) -> bool {
    let words = words_of(folded);
    let is_stem_in = |stem: &&'static str| {
        if is_unspaced(stem) { folded.contains(*stem) } else { words.iter().any(|word| word.starts_with(*stem)) }
    };
    words.len() <= SENTENCE_WORDS_MAX && STEMS.iter().any(is_stem_in) && has_one_of(&PLACE_PHRASES, &words, folded)
}

fn words_of(folded: &str) -> Vec<&str> {
    let is_between = |c: char| !c.is_alphanumeric() && !matches!(c, '-' | '\'');
    folded.split(is_between).filter(|word| !word.is_empty()).collect()
}

fn sentences_of(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n").flat_map(|paragraph| paragraph.split(['.', '!', '?', '。', '！', '？']))
}

fn has_one_of(phrases: &HashSet<&'static str>, words: &[&str], folded: &str) -> bool {
    let is_phrase = |from: usize, count: usize| {
        words.get(from..from + count).is_some_and(|words| phrases.contains(words.join(" ").as_str()))
    };
    (0..words.len()).any(|from| (1..=PHRASE_WORDS_MAX).any(|count| is_phrase(from, count)))
        || !folded.is_ascii() && phrases.iter().any(|phrase| is_unspaced(phrase) && folded.contains(phrase))
}

/// Words of Chinese, Japanese, Korean and Thai are not set apart by blanks.
fn is_unspaced(word: &str) -> bool {
    word.chars().all(|c| {
        matches!(c, '\u{E00}'..='\u{E7F}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
    })
}

#[cfg(test)]
mod tests {
    use super::super::line::lines_of_text;
    use super::*;

    fn says(reply: &str) -> bool {
        let text = format!("{reply}\n> One?");
        let lines = lines_of_text(&text);
        announces_answers_below(&lines, 0..lines.len() - 1, lines.len())
    }

    #[test]
    fn short_replies_that_point_into_the_quote_are_known_in_every_language() {
        for reply in [
            "See below.",
            "My answers are inline.",
            "Please find my comments in red.",
            "Meine Antworten stehen unten.",
            "Antworten in rot",
            "Mes réponses ci-dessous.",
            "En rouge dans le texte",
            "Te respondo abajo.",
            "Vedi sotto",
            "Respondo abaixo",
            "Zie hieronder",
            "Odpowiedzi poniżej",
            "Ответы ниже",
            "Se svar nedan",
            "Se nedenfor",
            "Vastaukset alla",
            "Cevaplarım aşağıda",
            "Odpovědi níže",
            "请见下文",
            "以下に回答します",
            "아래 참고",
            "My answers are in line.",
            "Replies embedded.",
            "Comments in orange.",
            "I have answered under each question.",
            "See my remarks in your e-mail.",
            "My notes are highlighted",
            "Antworten direkt in Ihrer Mail",
            "s.u.",
            "Anmerkungen fett",
            "Mes commentaires en gras",
            "cf. ci-après",
            "Te contesto entre líneas",
            "Comentários em negrito",
            "Mijn opmerkingen staan tussen de regels",
            "Odpowiedzi żółtym kolorem",
            "Комментарии внутри письма",
            "Válaszaim lent",
            "Se under",
            "Vastaukset viestissäsi",
            "Οι απαντήσεις πιο κάτω",
            "התשובות למטה",
            "الإجابات أدناه",
            "Xem bên dưới",
            "ดูด้านล่าง",
            "Jawaban di bawah",
            "下に書きました",
            "回复用黄色标出",
        ] {
            assert!(says(reply), "{reply}");
        }
    }

    #[test]
    fn other_replies_and_long_ones_say_nothing_of_the_kind() {
        for reply in [
            "The yellow light is on.",
            "It is between the two doors.",
            "Thanks for the answer.",
            "Here is my answer. The yellow light is on.",
            "This reply is long.\n\nIt is bold",
            "Danke für die Antwort",
            "Thanks, that works.",
            "It is redder than before.",
            "The belowground pipe leaks",
            "Danke",
        ] {
            assert!(!says(reply), "{reply}");
        }
        let long = |bytes: usize| format!("see below {}", "x".repeat(bytes - "see below ".len() - 1));
        assert!(says(&long(REPLY_BYTES_MAX)));
        assert!(!says(&long(REPLY_BYTES_MAX + 1)));
    }
}
