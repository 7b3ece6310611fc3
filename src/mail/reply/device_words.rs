//! Words of the lines that devices and apps add below a mail; `device` says how they are put together. Tables are spelt
//! like those of `languages`.

/// Beginnings of such a line, in front of the device or the app.
pub(super) const SENT_FROM: &[&str] = &[
    "sent from, sent via, sent with, sent using, sent on",
    "gesendet von, gesendet mit, gesendet über, gesendet aus, verschickt von, verschickt mit",
    "diese nachricht wurde von, diese e-mail wurde von, diese nachricht wurde mit",
    "envoyé de, envoyé depuis, envoyé à partir, envoyé avec, envoyé via",
    "enviado desde, enviado con, enviado de, enviado do, enviado da, enviado a partir",
    "enviado através, enviado via, enviado mediante, enviado pelo",
    "inviato da, inviato dal, inviato dallo, inviato con, inviato tramite",
    "verzonden met, verzonden vanaf, verzonden via, verzonden vanuit, verstuurd vanaf, verstuurd met, verstuurd via",
    "wysłane z, wysłano z, wysłano ze, wysłane ze, отправлено с, отправлено со, отправлено из, отправлено через",
    "отправлено от, надіслано з, надіслано через",
    "skickat från, skickades från, skickat med, skickat via, sendt fra, sendt med, sendt via",
    "lähetetty, odesláno z, odesláno ze, odoslané z, odoslané zo, elküldve a, elküldve az, trimis de pe, trimis din, στάλθηκε από, εστάλη από",
    "provenance :, provenance:, послано с, послано з, изпратено чрез",
    "发自我的, 发自, 發自我的, 發自, 來自我的, 来自我的, 從我的, 从我的, 傳送自, 发送自, 發送自, 寄自",
    "изпратено от, изпратено с, poslano s, poslano sa, poslano iz, poslano z, poslano pomoću, poslato sa, poslato iz, послато са",
    "išsiųsta iš, išsiųsta naudojant, nosūtīts no, sūtīts no, saadetud, enviat des de, enviat des del, enviat amb, sent úr, sent frá",
    "được gửi từ, đã gửi từ, gửi từ, ส่งจาก, dikirim dari, dikirim melalui, dihantar daripada, dihantar dari",
    "נשלח מ, נשלח באמצעות, أُرسلت من, أرسلت من, أرسل من, مرسل من, مُرسل من, تم الإرسال من, ارسال شده از, فرستاده شده از",
];

/// Beginnings that people write sentences with as well ("Sent by Samsung Service"): nothing but known words may follow.
pub(super) const SENT_BY: &[&str] =
    &["sent by, from my, gesendet per, von meinem, von meiner, envoyé par, enviado por, wysłane przez, wysłano przez"];

/// Ends of such a line, in languages that put the verb last.
pub(super) const SENT_FROM_ENDS: &[&str] = &[
    "gesendet, from mobile, gönderildi, gönderilmiştir, 傳送, 发送, から送信, から送信されました, から送信しました, より送信",
    "에서 보냄, 에서 보냈습니다, 에서 발송, 에서 전송, 에서 보낸 메일입니다",
    "bidalia, küldve, से भेजा गया, 发送",
];

/// Beginnings of that line which say "my", so that any few words behind them name a device.
pub(super) const SENT_FROM_MY: &[&str] = &[
    "sent from my, sent via my, sent with my, sent on my, gesendet von meinem, gesendet von meiner",
    "gesendet von mein, envoyé de mon, envoyé depuis mon, envoyé de ma, envoyé à partir de mon",
    "enviado desde mi, enviado de mi, enviado con mi, enviado do meu, enviado da minha, enviado a partir do meu",
    "inviato dal mio, inviato dalla mia, verzonden vanaf mijn, verstuurd vanaf mijn, verzonden met mijn, verstuurd met mijn",
    "wysłane z mojego, wysłano z mojego, отправлено с моего, отправлено с мобильного, надіслано з мого",
    "skickat från min, skickat från mitt, sendt fra min, sendt fra mit, sendt fra mitt, lähetetty minun, odesláno z mého",
];

/// The same where the verb is last: beginning and end.
pub(super) const FROM_MY_SENT: [(&str, &str); 2] = [("von meinem", "gesendet"), ("von meiner", "gesendet")];

/// Verbs of the line that advertises an app ("Get Outlook for iOS"): in front of its name or behind it.
pub(super) const GET_APP: &[&str] = &[
    "get, download, holen, hole, sie, sich, dir, laden, beziehen, herunterladen, télécharger, téléchargez, obtenez, obtenir",
    "obtener, obtén, descargar, scarica, ottieni, baixe, baixar, obter, obtenha, haal, pobierz, uzyskaj",
    "скачать, получить, загрузить, skaffa, hämta, ladda, ned, hent, få, last, hanki, lataa, edinin, indirin",
    "downloaden, skaff, deg, dig, získat, stáhnout, získejte, stáhněte, získať, stiahnuť, beszerzése, letöltése, obțineți, descărcați",
    "отримати, завантажити, изтеглете, вземете, αποκτήστε, λήψη, קבל, את, הורד, احصل, على, تنزيل, tải, nhận, รับ, ดาวน์โหลด, dapatkan, unduh",
    "获取, 下载, 取得, 下載, を入手, を取得, 다운로드, 가져오기",
];

/// Apps that advertise themselves below a mail.
pub(super) const APPS: &[&str] = &[
    "outlook, yahoo, bluemail, protonmail, proton, spark, typeapp, gmx, web.de, mailbird, mymail",
    "outlook'u, outlooku",
];

/// Names of devices, programs and platforms.
pub(super) const DEVICES: &[&str] = &[
    "iphone, ipad, ipod, ios, android, blackberry, samsung, galaxy, huawei, xiaomi, redmi, nokia, htc, motorola, pixel",
    "oneplus, sony, xperia, lumia, windows, outlook, gmail, yahoo, mailbox, airmail, typeapp, bluemail, macos, fairphone, fairemail, boxer, unterwegs, go",
    "protonmail, proton, k-9, thunderbird, handy, smartphone, mobile, mobilgerät, tablet, telefonino, wiko, alcatel",
    "mobiltelefon, mobiltelefonen, cell, device, gerät, smartphones, handys, cellphone, smartphonet, smarttelefon",
    "mobil, mobilního, mobilneho, mobilného, mobilen, movil, móvil, celular, cellulare, cellulaire, telemóvel, mobiel, mobiltelefonu, mobile.de, smarttelefonen",
    "kindle, macbook, superhuman, fastmail, gmx, web.de, zoho, mailspring, polymail, missive, mymail, mail.ru, mailbird",
    "яндекс, яндекс.почты, мобильного, мобильной, мобільного, iphonesta, ipadista, iphonu, iphona, iphonea, iphonetik",
    "puhelimesta, älypuhelimesta, okostelefonról, ponsel, mobilā, smartfona, smartphonom, מהטלפון, הטלפון, هاتفي",
];

/// Names of programs that are words or names of people as well: nothing unknown may stand beside them.
pub(super) const NAMES_OF_PROGRAMS: &[&str] = &[
    "spark, spike, mixmax, shortwave, nine, tuta, tutanota, hey, front, newton, canary, edison, aqua, surface, watch, mac",
];

/// Words for a mail program or a telephone: "sent by mail" says neither which nor whose.
pub(super) const THINGS: &[&str] = &[
    "mail, e-mail, email, phone, telefon, telefoon, téléphone, teléfono, telefono, telefone, телефона, телефону, telefonu",
    "telefonul, telefonului, telefonumdan, dispositivo, appareil, apparat, portable, device, zariadenia, zařízení",
    "устройства, пристрою, uređaja, uređaj, símanum, síma, telefón, telefona, cihazımdan, készülékemről, laitteesta, điện, thoại, telefon, bimbit, جهاز, هاتف, טלפון",
    "correo, correio, courrier, posta, posta'dan, poczta, poczty, pošta, pošty, почты, почта, почтой, e-post, epost",
    "sähköpostista, αλληλογραφία, mail-app, sähköposti, em",
];

/// Words for "app" and "program", which make one of those a program.
pub(super) const PROGRAMS: &[&str] = &[
    "app, apps, appli, application, applicazione, aplicación, aplicativo, aplicação, aplikacji, aplikace, aplikácie, pc",
    "program, programu, programmu, client, klient, клиент, приложения, приложение, alkalmazásból, alkalmazásából",
    "sovelluksesta, programma, laptop, work, mail.com",
];

/// Words for "my".
pub(super) const MINE: &[&str] = &[
    "my, mein, meinem, meiner, mon, ma, mi, mio, mia, meu, minha, mijn, mojego, мого, моего, min, mitt, minun, mého",
    "môjho, mojho, moj, mojeho, mog, mojega, mano, mana, minu, nire, мог, моя, моята, मेरे, mínum, saya, meo, μου, שלי, الخاص, بي, tôi",
];

/// Words in front of the platform that an app runs on: one has to follow.
pub(super) const ON: &[&str] = &[
    "on, for, für, auf, pour, sur, para, per, su, no, voor, op, dla, för, til, på, pro, pre, pentru, için, για, для, на",
    "עבור, cho, untuk, لـ, ل",
];

/// Words that may stand anywhere in such a line.
pub(super) const FILLERS: &[&str] = &[
    "a, an, the, of, from, by, via, with, using, and, secure, network, wireless, version, free, at, t, verizon, vodafone, orange, telekom, movistar, sfr, bouygues, swisscom, sprint, o2, new",
    "der, die, das, dem, den, des, von, vom, mit, sicherer, sichere, freundlichen, grüßen, viele, grüße",
    "le, la, les, l, d, de, du, un, une, messagerie, sécurisée, depuis, avec, partir",
    "el, los, las, lo, del, con, correo, electrónico, seguro, segura, desde, cifrado",
    "il, i, di, dello, della, dal, da, sicura, elettronica, do, dos, das, o, os, seguro, através",
    "het, een, van, met, beveiligde, vanaf, vanuit, z, ze, systemu, систем, системы, из, с, со, от, від, з, і",
    "från, fra, med, via, en, et, n, zo, s, pe, din, az, το, την, τον, από, ile, מה, ה, מ, مـ, الـ, ال, من, của, dari",
    "mobilen, mini, pro, plus, max, se, note, ultra, fold, flip, tab, air, lite, edge, neo, prime, akıllı, से, भेजा, गया, gesendet, verschickt, versendet, geschrieben, verfasst, gönderildi, gönderilmiştir, küldve, bidalia",
];

/// What stands in lines of Chinese, Japanese, Korean and Thai, whose words are not set apart: devices and programs.
pub(super) const UNSPACED_DEVICES: &[&str] = &[
    "华为, 小米, 手机, 手機, 三星, 메일, 휴대폰, 핸드폰, 스마트폰, 아이폰, 갤럭시, 삼성, 邮件, 郵件, 信箱, 应用, 應用, メール, スマートフォン, スマホ, 携帯, โทรศัพท์, มือถือ",
];

/// The other words of such lines.
pub(super) const UNSPACED_FILLERS: &[&str] = &[
    "我的, 从我的, 從我的, 来自我的, 來自我的, 我, 从, 從, 自, 的, 版, 发送, 傳送, 发送自, 傳送自, を入手, を取得, 获取, 下载, 取得, 下載",
    "の, アプリ, から送信, から送信されました, から送信しました, より送信, 나의, 내, 용, 에서, 보냄, 보냈습니다, 발송, 전송, 보낸",
    "메일입니다, 다운로드, 가져오기, จาก, ของฉัน, ของ, ฉัน, ส่งจาก",
];

/// Beginnings of what people let their devices say behind it; the rest of the line is part of it.
pub(super) const EXCUSES: &[&str] = &[
    "please excuse, please forgive, please pardon, excuse, forgive, pardon, sorry for, apologies for, get the app",
    "bitte entschuldige, entschuldige, kurzfassung wegen, tippfehler, merci d'excuser, veuillez excuser, excusez, désolé pour",
    "disculpe, disculpa, perdón por, perdone, scusa, scusate, mi scuso, desculpe, excuses voor, sorry voor, ursäkta",
    "undskyld, beklager, unnskyld, przepraszam za, извините за, простите за, prosím omluvte, omluvte",
];
