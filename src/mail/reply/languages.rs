//! The words mail programs put around quotes, forwards and signatures, by language.
//!
//! Data only; the rules are in the neighbouring modules. Each string holds one language's entries,
//! separated by `, `, in lower case, without decoration (dashes, asterisks, colons), with single
//! spaces. A language without its own word (a program that ships English there) has no entry.

/// The single entries of a table.
pub(crate) fn entries(table: &[&'static str]) -> impl Iterator<Item = &'static str> {
    table.iter().flat_map(|line| line.split(", "))
}

/// Words for "wrote" that end the line above a quote: "On Monday Ann wrote:".
pub(super) const WROTE_LAST: &[&str] = &[
    "wrote, writes, said",                                                                  // English
    "geschrieben, schrieb, schreibt",                                                       // German
    "a écrit, a ecrit, écrivait",                                                           // French
    "escribió, escribio, ha escrito, escribiu, va escriure", // Spanish, Galician, Catalan
    "ha scritto, scrisse",                                   // Italian
    "escreveu",                                              // Portuguese
    "volgende geschreven, het volgende, schreef",            // Dutch
    "napisał, napisała, napisał(a), pisze",                  // Polish
    "написал, написала, написал(а), пишет, писал, писал(а)", // Russian
    "пише, писав, писала, написав, написала, написав(ла), написа, је написао, је написала", // Ukrainian, Bulgarian, Serbian
    "skrev, skriver",                   // Swedish, Danish, Norwegian
    "kirjoitti",                        // Finnish
    "yazdı, yazmış",                    // Turkish
    "napsal, napsala, napsal(a), píše", // Czech
    "napísal, napísala, napísal(a), napisal/a, je napisal, je napisala, je napisao, je napisao/la", // Slovak, Slovene, Croatian
    "írta, a scris, έγραψε, rašė, rakstīja, kirjutas, menulis, đã viết", // Hungarian to Vietnamese
    "כתב, כתבה, כתב/ה, كتب, كتبت, نوشت, เขียนว่า",                         // Hebrew, Arabic, Persian, Thai
    "написаха, је написала, је написао/ла, napisal/-a, napisal, napisala, napisal(a), napisał/a, napisao/la, je napisal(a), je napisal/-a, napisao je, napisala je, je napisao(la)", // Serbian, Slovene, Croatian
    "ha escrit, idatzi du, idatzi zuen, skrifaði, napísal(a), a scris(ă), rašo, raksta, ने लिखा, เขียน", // Catalan to Hindi
];

/// Words for "wrote" that come before the name or the date: "Am Montag schrieb Ann:".
pub(super) const WROTE_BEFORE: &[&str] = &[
    "schrieb, schreibt",                                                         // German
    "escribió",                                                                  // Spanish
    "escreveu",                                                                  // Portuguese
    "schreef",                                                                   // Dutch
    "napisana przez",                                                            // Polish
    "skrev, skriver",                                                            // Swedish, Danish, Norwegian
    "kirjoitti, kirjutas, rašė",                                                 // Finnish, Estonian, Lithuanian
    "писал, писала, писали, написал, написала, написали, пишет, писав, написав", // Russian, Ukrainian
    "yazdı",                                                                     // Turkish
    "napsal, napsala, odesílatel",                                               // Czech
    "írta",                                                                      // Hungarian
    "wrote on, wrote in, wrote at", // English of Lotus Notes and of news readers
    "skrifaði, rakstīja, escribiu, a écrit, ha scritto, va escriure, menulis, napisao, napisala, написао, написа", // Icelandic to Bulgarian
    "missatge de, erabiltzaileak hau idatzi du, píše, さんは書きました, は書きました, כתב, כתבה, كتب, كتبت, بواسطة, نوشت, đã viết, เขียนเมื่อ", // Czech of Evolution, Hebrew to Thai
];

/// Words for "wrote" in scripts without spaces between words; they end the line.
pub(super) const WROTE_UNSPACED: &[&str] = &[
    "写道, 寫道, 写到, 寫到, 写了, 寫了, 來信, 来信",    // Chinese
    "書きました, のメール, のメッセージ, からのメール",  // Japanese
    "작성, 님이 씀, 쓴 글, 작성함, 님이 작성하였습니다", // Korean
];

/// Words the line above a quote begins with, before its date.
pub(super) const ON: &[&str] = &[
    "on, at",                                                                    // English
    "am",                                                                        // German
    "le",                                                                        // French
    "el",                                                                        // Spanish
    "il, il giorno, in data",                                                    // Italian
    "em, no dia, às, a, em data de",                                             // Portuguese
    "op",                                                                        // Dutch
    "w dniu, dnia",                                                              // Polish
    "den",                                                                       // Swedish, Danish, Norwegian
    "dne, dňa",                                                                  // Czech, Slovak
    "în data de, pe data de, στις",                                              // Romanian, Greek
    "на, в, у, la, pe, dana, pada, vào, vào lúc, ב, في",                         // Bulgarian to Arabic
    "在, 於, 于",                                                                // Chinese
    "în, o, eu, þann, v, dana, дана, vào ngày, ngày, pada, pada tanggal, noong", // Galician to Filipino
    "בתאריך, ביום, ב-, ב־, در, در تاریخ, ในวันที่, ในวัน, เมื่อวันที่",                   // Hebrew, Persian, Thai
];

/// Words the line right above a quote begins with that say "quoting" (Horde).
pub(super) const QUOTING: &[&str] = &[
    "quoting, zitat von, zitiere, citation de, citando a, citando, citazione, citazione da, citaat van, cytowanie, cytat od",
    "citerar, citat från, citat fra, siterer, lainaus, alıntı, citace od, idézet, цитирую, цитата",
];

/// Field names for the writer, above a quoted mail.
pub(super) const FROM: &[&str] = &[
    "from, sender",                              // English
    "von, absender",                             // German
    "de, expéditeur",                            // French, Spanish, Portuguese
    "da, mittente, remitente, remetente",        // Italian, Spanish, Portuguese
    "van, afzender",                             // Dutch
    "od, nadawca, odesílatel, odosielateľ",      // Polish, Czech, Slovak
    "от, от кого, отправитель, від, відправник", // Russian, Ukrainian
    "från, fra, avsändare, afsender, avsender",  // Swedish, Danish, Norwegian
    "lähettäjä, keneltä",                        // Finnish
    "kimden, gönderen",                          // Turkish
    "feladó, de la, από",                        // Hungarian, Romanian, Greek
    "发件人, 发信人, 寄件者, 寄件人",            // Chinese
    "差出人, 送信者, from",                      // Japanese
    "보낸 사람, 보낸사람, 보낸이, 발신",         // Korean
    "šalje, nuo, no, saatja, frá, nork, од",     // Croatian, Lithuanian, Latvian, Estonian, Icelandic, Basque, Serbian
    "từ, จาก, dari, daripada",                   // Vietnamese, Thai, Indonesian, Malay
    "מאת, من, المرسل, از, فرستنده, प्रेषक",        // Hebrew, Arabic, Persian, Hindi
];

/// Field names for the time.
pub(super) const DATE: &[&str] = &[
    "sent, date, sent at, sent on",                                // English
    "gesendet, gesendet am, datum",                                // German, Dutch, Swedish
    "envoyé, envoyé le, envoye, date d'envoi, message du",         // French
    "enviado, enviado el, enviado em, enviada em, enviada, fecha", // Spanish, Portuguese
    "inviato, data",                                               // Italian, Polish, Portuguese
    "verzonden, verzonden op",                                     // Dutch
    "wysłano, wysłane, data wysłania",                             // Polish
    "отправлено, дата, надіслано",                                 // Russian, Ukrainian
    "skickat, sendt, dato, skickade, sendt den",                   // Swedish, Danish, Norwegian
    "lähetetty, päiväys, päivämäärä, pvm",                         // Finnish
    "gönderildi, gönderilme tarihi, tarih, gönderim tarihi",       // Turkish
    "odesláno, odoslané, dátum, elküldve, trimis",                 // Czech, Slovak, Hungarian, Romanian
    "ημερομηνία, στάλθηκε",                                        // Greek
    "发送时间, 发送日期, 日期, 时间, 時間, 寄件日期, 傳送日期, 傳送時間, 寄送時間, 發送時間", // Chinese
    "送信日時, 送信日, 日時, 日付",                                // Japanese
    "보낸 날짜, 보낸날짜, 보낸시각, 날짜, 보낸 시간, 발송일",      // Korean
    "изпратено, poslano, poslato, послато, išsiųsta, nosūtīts, datums, saadetud, saatmisaeg, kuupäev", // Bulgarian to Estonian
    "εστάλη, enviat, enviat el, dată, bidaltze-data, dagsetning, дата на изпращане, datum i vrijeme", // Greek to Croatian
    "đã gửi, gửi, ngày, ngày gửi, ส่ง, ส่งเมื่อ, วันที่, dikirim, tanggal, dihantar, tarikh", // Vietnamese, Thai, Indonesian, Malay
    "נשלח, תאריך, تم الإرسال, تاريخ الإرسال, التاريخ, أرسلت, ارسال, ارسال شده, تاریخ, भेजा गया, दिनांक", // Hebrew to Hindi
];

/// Field names for the addressees.
pub(super) const TO: &[&str] = &[
    "to, recipient, recipients",                                     // English
    "an, empfänger",                                                 // German
    "à, a, pour, destinataire",                                      // French
    "para, destinatario, destinatário",                              // Spanish, Portuguese
    "a, per",                                                        // Italian
    "aan",                                                           // Dutch
    "do, komu, pro, pre",                                            // Polish, Czech, Slovak
    "кому, куда, до",                                                // Russian, Ukrainian
    "till, til",                                                     // Swedish, Danish, Norwegian
    "vastaanottaja, kenelle",                                        // Finnish
    "kime, alıcı",                                                   // Turkish
    "címzett, către, catre, προς",                                   // Hungarian, Romanian, Greek
    "收件人, 收件者, 宛先",                                          // Chinese, Japanese
    "받는 사람, 받는사람, 받는이, 수신",                             // Korean
    "prima, za, за, kam, adressaat, saaja, per a, nori, viðtakandi", // Croatian to Icelandic
    "đến, tới, ถึง, kepada, אל, לכבוד, إلى, الى, به, प्रति",           // Vietnamese to Hindi
];

/// Field names for copies.
pub(super) const CC: &[&str] = &[
    "cc, bcc, copy",                                    // English
    "kopie, kopie an, cc (kopie)",                      // German, Dutch, Czech
    "copie à, copie, cópia, copia",                     // French, Portuguese, Spanish
    "dw, udw, do wiadomości",                           // Polish
    "копия, копія, kopia, kopi, kopio, bilgi, másolat", // Russian, Ukrainian, Nordic, Turkish, Hungarian
    "抄送, 副本, 참조",                                 // Chinese, Korean
    "másolatot kap, kópia, kopija, kopio, cópia oculta, σχετ, koop, cc., đồng gửi, สำเนา, salinan, העתק, עותק, نسخة, نسخة إلى, رونوشت", // Hungarian to Persian
];

/// Field names for the subject.
pub(super) const SUBJECT: &[&str] = &[
    "subject, re, title",                                                        // English, Lotus Notes
    "betreff, thema",                                                            // German
    "objet, sujet",                                                              // French
    "asunto, oggetto, assunto",                                                  // Spanish, Italian, Portuguese
    "onderwerp",                                                                 // Dutch
    "temat, тема",                                                               // Polish, Russian, Ukrainian
    "ämne, emne, rubrik",                                                        // Swedish, Danish, Norwegian
    "aihe, otsikko",                                                             // Finnish
    "konu",                                                                      // Turkish
    "předmět, predmet, tárgy, subiect, θέμα", // Czech, Slovak, Hungarian, Romanian, Greek
    "主题, 主題, 主旨, 標題, 标题, 件名, 제목", // Chinese, Japanese, Korean
    "относно, predmet, tema, zadeva, tēma, teema, assumpte, efni, gaia", // Bulgarian to Basque
    "chủ đề, tiêu đề, เรื่อง, subjek, perihal, נושא, הנדון, الموضوع, موضوع, विषय", // Vietnamese to Hindi
];

/// Other field names that occur between those above.
pub(super) const OTHER_FIELDS: &[&str] = &[
    "reply-to, reply to, importance, priority, attachments, attachment, organization, organisation", // English
    "antwort an, wichtigkeit, priorität, anlagen, anhänge, anlage, rückantwort an",                  // German
    "répondre à, pièces jointes, pièce jointe",                                                      // French
    "responder a, rispondi a, risposta, adjuntos, allegati, importancia, priorità, anexos",          // Spanish, Italian
    "bijlagen, bijlage, antwoord aan, odpowiedz do, załączniki, ważność",                            // Dutch, Polish
    "вложения, ответить, svar till, svar til, vastaus, bilagor, liitteet, ekler, přílohy",           // others
    "重要性, 附件, 添付ファイル, 첨부파일, 첨부, sensitivity, x-mailer, message-id, resent-from",    // Asian, technical
];

/// Lines that say "the mail answered follows", between dashes, asterisks or underscores.
pub(super) const ORIGINAL_MESSAGE: &[&str] = &[
    "original message, reply to message, original mail, original email, original appointment, reply message, previous message",
    "replied message, originalmessage",
    "ursprüngliche nachricht, ursprüngliche mail, originalnachricht, original-nachricht, original nachricht",
    "ursprünglicher termin, ursprüngliche e-mail",
    "message d'origine, message d’origine, message original, mail original, message initial, courriel original",
    "e-mail d'origine, e-mail original",
    "mensaje original, correo original, messaggio originale, messaggio iniziale, messaggio di origine",
    "mensagem original, mensagem inicial, mensagem de origem",
    "oorspronkelijk bericht, origineel bericht, oorspronkelijke bericht, oorspronkelijke e-mail",
    "wiadomość oryginalna, oryginalna wiadomość",
    "исходное сообщение, оригинальное сообщение, исходное письмо, первоначальное сообщение, вихідне повідомлення",
    "ursprungligt meddelande, originalmeddelande, ursprungligt mail, ursprungligt mejl",
    "oprindelig besked, oprindelig meddelelse, original besked, oprindelig mail, original meddelelse",
    "opprinnelig melding, original melding, opprinnelig beskjed, opprinnelig e-post",
    "alkuperäinen viesti, orijinal mesaj, özgün ileti, özgün i̇leti, orijinal ileti, özgün mesaj, orijinal i̇leti, orjinal mesaj, orjinal ileti",
    "původní zpráva, původní e-mail, pôvodná správa, eredeti üzenet, mesaj original, αρχικό μήνυμα",
    "原始邮件, 原邮件, 邮件原件, 原始郵件, 原始訊息, 原始信件, 原始消息, 回复的原邮件",
    "元のメッセージ, オリジナルメッセージ, 元のメール, オリジナル メッセージ",
    "원본 메시지, 원본 메일, 원본 이메일, 원본메일, 원본메시지",
    "оригинално съобщение, оригинално писмо, izvorna poruka, originalna poruka, оригинална порука, izvirno sporočilo, originalno sporočilo",
    "originalus laiškas, pradinis laiškas, pradinis pranešimas, sākotnējais ziņojums, oriģinālais ziņojums, algne teade, algne kiri, algne sõnum",
    "missatge original, mensaxe orixinal, jatorrizko mezua, upprunaleg skilaboð, upprunalegur póstur, tin nhắn gốc, thư gốc",
    "ข้อความต้นฉบับ, ข้อความเดิม, pesan asli, mesej asal, הודעה מקורית, ההודעה המקורית, الرسالة الأصلية, رسالة أصلية, پیام اصلی, मूल संदेश",
    "mesajul original, оригінальне повідомлення, 原始信息, 原邮件内容",
];

/// Lines that say "a forwarded mail follows", between dashes or with a colon at the end.
pub(super) const FORWARDED_MESSAGE: &[&str] = &[
    "forwarded message, begin forwarded message, begin forward message, forwarded email, forwarded mail",
    "start of forwarded message, forwarded letter, forward message",
    "weitergeleitete nachricht, anfang der weitergeleiteten nachricht, anfang der weitergeleiteten e-mail",
    "weitergeleitete mail, weitergeleitete e-mail, beginn der weitergeleiteten nachricht",
    "message transféré, message transmis, début du message réexpédié, début du message transféré, message réexpédié",
    "courriel transféré, message transmis par",
    "mensaje reenviado, inicio del mensaje reenviado, comienzo del mensaje reenviado, mensaje enviado, correo reenviado",
    "messaggio inoltrato, inizio messaggio inoltrato, inizio del messaggio inoltrato",
    "mensagem encaminhada, início da mensagem encaminhada, início da mensagem reencaminhada, mensagem reencaminhada",
    "doorgestuurd bericht, begin doorgestuurd bericht, doorgezonden bericht, begin van doorgestuurd bericht",
    "wiadomość przekazana, przekazana wiadomość, treść przekazanej wiadomości, początek przekazywanej wiadomości",
    "przesłana dalej wiadomość, przekazywana wiadomość",
    "пересылаемое сообщение, пересланное сообщение, начало переадресованного сообщения, перенаправленное сообщение",
    "пересланное письмо, переслане повідомлення, пересилане повідомлення",
    "vidarebefordrat meddelande, vidarebefordrat mejl, vidarebefordrat brev, vidarebefordrat e-postmeddelande",
    "videresendt besked, videresendt meddelelse, start på videresendt besked, videresendt mail",
    "videresendt melding, starten på videresendt melding, begynnelse på videresendt melding, videresendt e-post",
    "välitetty viesti, edelleenlähetetty viesti, välitetty viesti alkaa, edelleen lähetetty viesti",
    "iletilen mesaj, yönlendirilen mesaj, iletilmiş mesaj, iletilen ileti, iletilen mesajın başlangıcı",
    "přeposlaná zpráva, přeposlaný e-mail, začátek přeposílané zprávy, preposlaná správa, začiatok preposlanej správy",
    "továbbított üzenet, mesaj înaintat, mesaj redirecționat, mesaj redirectionat, προωθημένο μήνυμα",
    "转发的邮件, 转发邮件, 被转发邮件的信息, 转发的消息, 轉寄郵件, 轉寄的郵件, 轉寄的訊息, 開始轉寄郵件, 开始转发的邮件",
    "转发邮件信息, 轉寄訊息, 已转发邮件, 已轉寄的郵件, 转发信件",
    "転送メッセージ, 転送されたメッセージ, 転送されたメール, 転送されたメッセージここから, 転送メール",
    "전달된 메시지, 전달된 메일, 전달 메시지, 전달된 메시지 시작, 전달받은 메일",
    "препратено съобщение, препратено писмо, proslijeđena poruka, prosleđena poruka, прослеђена порука, posredovano sporočilo",
    "persiųstas laiškas, persiųsta žinutė, pārsūtītais ziņojums, pārsūtīta ziņa, edastatud kiri, edastatud sõnum, missatge reenviat",
    "mensaxe reenviada, birbidalitako mezua, áframsend skilaboð, thư đã chuyển tiếp, thư được chuyển tiếp, ข้อความที่ส่งต่อ",
    "pesan terusan, pesan yang diteruskan, mesej dimajukan, הודעה שהועברה, הודעה מועברת, رسالة معاد توجيهها, الرسالة المعاد توجيهها, رسالة مُعاد توجيهها",
    "پیام بازارسال شده, پیام هدایت شده, अग्रेषित संदेश, továbbított levél, προωθούμενο μήνυμα, mesaj redirecționat",
];

/// Beginnings of a line between dashes that names who forwarded (Lotus Notes).
pub(super) const FORWARDED_BY: &[&str] =
    &["forwarded by, weitergeleitet von, réacheminé par, transmis par, reenviado por, inoltrato da, doorgestuurd door"];

/// Phrases of help desks that ask to be answered above them.
pub(super) const REPLY_ABOVE: &[&str] = &[
    "reply above this line, type your reply above this line, write your reply above this line",
    "respond above this line, reply above this text, please reply above here",
    "antworten sie oberhalb dieser zeile, antworten sie oberhalb dieser linie, antwort bitte oberhalb dieser zeile",
    "antworten sie bitte oberhalb dieser zeile, antwort oberhalb dieser zeile",
    "répondez au-dessus de cette ligne, répondre au-dessus de cette ligne, votre réponse au-dessus de cette ligne",
    "responda por encima de esta línea, escriba su respuesta por encima de esta línea, responda encima de esta línea",
    "rispondi sopra questa riga, rispondere sopra questa riga, responda acima desta linha, escreva acima desta linha",
    "antwoord boven deze regel, typ uw antwoord boven deze regel, odpowiedz powyżej tej linii",
    "svara ovanför denna rad, svar over denne linje, svar over denne linjen, vastaa tämän rivin yläpuolelle",
    "ответьте выше этой строки, ответ выше этой строки, bu satırın üstüne yanıt verin, odpovězte nad tento řádek",
    "请在此行上方回复, 請在此行上方回覆, この行より上に返信してください, 이 줄 위에 답장",
];

/// Prefixes of a subject that say "forwarded" and nothing else, without the colon.
pub(crate) const FORWARD_PREFIXES: &[&str] = &[
    "fwd, fw, forward, forwarded",                // English
    "wg, weitergeleitet",                         // German
    "doorst, doorgestuurd",                       // Dutch
    "пересл, переслано, пересылка",               // Russian
    "i̇lt, ilt",                                   // Turkish
    "přep, předáno",                              // Czech
    "转发, 轉寄, 转寄, 轉發, 転送, 전달",         // Chinese, Japanese, Korean
    "redirecționat, továbbítás, tov, προωθ, πρθ", // Romanian, Hungarian, Greek
    "proslj, prosljeđeno, prosleđeno, posr, persiųsta, pārsūt, pārsūtīts, edastatud, препр, препратено", // Croatian to Bulgarian
    "trs, diteruskan, chuyển tiếp, ส่งต่อ, הועבר, إعادة توجيه", // Vietnamese, Thai, Hebrew, Arabic
];

/// Prefixes that say "forwarded" in one language but are words or say "answered" in another; they
/// count only together with a forwarded block.
pub(crate) const DOUBTFUL_FORWARD_PREFIXES: &[&str] = &[
    "tr, i, rv, enc",    // French, Italian, Spanish, Portuguese
    "vs, vb, vl, vl.",   // Danish and Norwegian (Finnish: answered), Swedish, Finnish
    "pd, fs, vidarebef", // Polish, Icelandic, Swedish
];

/// Prefixes of a subject that say "answered", without the colon.
pub(crate) const REPLY_PREFIXES: &[&str] = &[
    "re, aw, antw, antwort, ré, rép, réf, res, resp, rif, r, sv, svar, ad, odp, odpowiedź, ynt, yanıt, cevap",
    "отв, ответ, ha, на, відп, vá, απ, σχετ, bls, 回复, 回覆, 答复, 返信, 답장, 회신, od, ang, atb",
    "odg, ats, отг, trả lời, ตอบกลับ, ตอบ, balas, תגובה, השב, رد, پاسخ, erantz",
];

/// Words that filters put before a subject to say where a mail comes from or how they rate it.
pub(crate) const FILTER_MARKS: &[&str] = &["external, extern, externe, externo, esterno, ext, spam, junk"];
