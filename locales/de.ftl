# Texts of the pages. Every catalogue has the same messages; a test finds a missing or surplus one.
new-password = Neues Passwort
language = Sprache
save = Speichern
subject = Betreff
articles = Artikel
kb-new-article = Neuer Artikel
kb-new-category = Neue Kategorie
kb-staff-only = nur intern
kb-public = Alle dürfen es lesen
kb-as-public = Wie alle es sehen
kb-views = { $n } mal gelesen
kb-none = (keine)
kb-inside = Innerhalb von
kb-back = Zurück zu den Artikeln
kb-removed = Entfernt.
kb-remove-article = Der Artikel und seine Dateien sind dann endgültig weg.
kb-remove-category = Die Kategorie ist dann endgültig weg.
kb-category-full = Darin sind Artikel oder Kategorien. Verschieben oder entfernen Sie sie zuerst.
kb-link-to = Artikel: { $title }
title = Titel
category = Kategorie
text = Text
format = Format
position = Position
name = Name
title-wrong = Ein Name von höchstens 200 Zeichen wird gebraucht.
submit-ticket = Ticket aufgeben
my-tickets = Meine Tickets
my-account = Mein Konto
kb-home = Wie können wir helfen?
kb-search = Artikel durchsuchen
kb-search-hint = Worum geht es?
kb-more =
    { $n ->
        [one] 1 weiterer Artikel
       *[other] { $n } weitere Artikel
    }
kb-other = Weitere Artikel
kb-popular = Am meisten gelesen
kb-way = Wo dies steht
kb-nothing-found = Nichts gefunden.
kb-empty = Hier gibt es noch keine Artikel.
kb-ask-us = Nicht das Richtige? Fragen Sie uns.
kb-suggested = Vielleicht hilft dies:
your-name = Ihr Name
your-email = Ihre E-Mail-Adresse
leave-empty = Dies leer lassen
no-departments = Hier kann nichts aufgegeben werden. Bitte schreiben Sie uns eine E-Mail.
form-stale = Diese Seite war lange offen. Drücken Sie den Knopf noch einmal.
form-hasty = Das ging sehr schnell. Sehen Sie es durch und drücken Sie noch einmal auf Senden.
email-wrong = Das ist keine E-Mail-Adresse.
subject-wrong = Ein Betreff von höchstens 255 Zeichen wird gebraucht.
message-missing = Schreiben Sie, worum es geht.
department-wrong = Wählen Sie eine Abteilung.
address-refused = Von dieser Adresse wird nichts angenommen.
field-missing = { $name } wird gebraucht.
field-wrong = { $name } ist nicht richtig ausgefüllt.
too-many-tickets = Von Ihrer Adresse kamen viele Tickets. Warten Sie etwas, oder schreiben Sie uns eine E-Mail.
too-many-links = Von Ihrer Adresse wurden viele Links angefordert. Warten Sie etwas.
sent-title = Ihre Nachricht ist da
sent-ticket = Es ist Ticket #{ $id }.
sent-mail = Wir antworten per E-Mail. Der Link in unserer E-Mail öffnet das Ticket hier.
send-link = Link zusenden
send-link-hint = Der Link in der E-Mail meldet Sie an. Wer ein Passwort hat, kann es stattdessen benutzen:
link-sent = Wenn wir diese Adresse kennen, ist eine E-Mail mit einem Link unterwegs. Der Link gilt eine halbe Stunde.
link-needs-url = Von hier können keine Links verschickt werden, weil die eigene Adresse (site_url) nicht eingestellt ist.
wrong-email-or-password = E-Mail-Adresse oder Passwort ist falsch.
enter-text = Drücken Sie den Knopf, um Ihre Tickets zu sehen.
no-link = Dieser Link gilt nicht
no-link-text = Er wurde schon benutzt, ist zu alt oder wurde nicht ganz kopiert.
ask-for-link = Neuen Link anfordern
no-tickets = Sie haben keine Tickets.
waits-open = Wartet auf uns
waits-awaiting-reply = Wartet auf uns
waits-in-progress = In Arbeit
waits-answered = Beantwortet
waits-closed = Geschlossen
closed-past = Dieses Ticket wurde vor langem geschlossen. Was Sie schreiben, öffnet ein neues.
closed-reopens = Dieses Ticket ist geschlossen. Was Sie schreiben, öffnet es wieder.
solved = Gelöst, danke
rate-question = Waren Sie damit zufrieden, wie wir es behandelt haben?
rate-comment = Ein Wort dazu (wenn Sie mögen)
rate-good = Ja, zufrieden
rate-bad = Nein, nicht zufrieden
rate-thanks = Danke für die Rückmeldung.
saved = Gespeichert.
as-browser = Wie der Browser
zone = Zeitzone
name-wrong = Ein Name von höchstens 250 Zeichen wird gebraucht.
zone-wrong = Diese Zeitzone gibt es nicht. Europe/Berlin ist eine.
password-wrong = Ein Passwort hat mindestens 6 Zeichen und höchstens 1024 Bytes.
skip = Zum Inhalt springen
menu = Menü
lists = Listen
search = Suchen
search-hint = Suche: Wörter, #12, from:, is:open
new-ticket = Neues Ticket
sign-in = Anmelden
sign-out = Abmelden
username = Benutzername
password = Passwort
password-kept = Schon geprüft
code = Code
code-wanted = Geben Sie den Code Ihres zweiten Faktors ein.
code-wrong = Dieser Code ist falsch oder wurde schon benutzt.
wrong-password = Benutzername oder Passwort ist falsch.
locked = Zu viele Fehlversuche. Versuchen Sie es in { $minutes } Minuten wieder.
needs-tls = Die Anmeldung braucht eine verschlüsselte Verbindung (https). Fragen Sie, wer diesen Helpdesk betreibt.
session-over-kept = Ihre Sitzung ist zu Ende. Melden Sie sich an, dann wird gesendet, was Sie geschrieben haben.
session-over-shown = Ihre Sitzung ist zu Ende. Melden Sie sich an; was Sie geschrieben haben, wird Ihnen dann wieder gezeigt.
undo = Rückgängig
sending = Wird gesendet…
offline = Keine Verbindung; Ihr Entwurf ist sicher.
something-new = Hier wurde etwas Neues geschrieben. Anzeigen
month-1 = Januar
month-2 = Februar
month-3 = März
month-4 = April
month-5 = Mai
month-6 = Juni
month-7 = Juli
month-8 = August
month-9 = September
month-10 = Oktober
month-11 = November
month-12 = Dezember
date = { $day }. { $month }
refused-not-found = Nicht gefunden
refused-not-found-text = Diese Seite gibt es nicht, oder sie ist nicht für Sie.
refused-forbidden = Nicht erlaubt
refused-forbidden-text = Ihr Konto darf diese Seite nicht öffnen.
refused-forged = Nicht angenommen
refused-forged-text = Dieses Formular kommt nicht von einer Seite dieses Helpdesks. Laden Sie die Seite neu und wiederholen Sie den Schritt.
refused-stale = Noch nicht gesendet
refused-stale-text = Sie haben sich neu angemeldet oder einen anderen Link geöffnet, nachdem diese Seite entstand; nichts wurde getan. Sehen Sie es durch und senden Sie es noch einmal.
refused-signed-out = Nicht angemeldet
refused-signed-out-text = Ihre Sitzung ist zu Ende, und nichts wurde gesendet. Melden Sie sich in einem anderen Tab an, oder öffnen Sie dort den Link aus unserer E-Mail; senden Sie es dann von hier.
refused-broken = Nicht verstanden
refused-broken-text = Das Formular war nicht lesbar. Laden Sie seine Seite neu und wiederholen Sie den Schritt.
refused-too-large = Zu groß
refused-too-large-text = Das ist mehr, als dieser Helpdesk annimmt; nichts davon wurde angenommen. Lassen Sie einige Dateien weg oder kürzen Sie den Text.
refused-too-many = Zu viele Versuche
refused-too-many-text = Von Ihrer Adresse kamen zu viele Versuche. Warten Sie einige Minuten.
refused-method = Nicht möglich
refused-method-text = Diese Seite lässt sich so nicht öffnen.
refused-busy = Beschäftigt
refused-busy-text = Der Helpdesk ist gerade beschäftigt; nichts wurde getan. Versuchen Sie es noch einmal.
refused-failed = Etwas ging schief
refused-failed-text = Es lag nicht an Ihnen und steht im Protokoll. Versuchen Sie es noch einmal.
refused-wrong = Nicht getan
refused-merged = Zusammengeführt
refused-merged-text = Dieses Ticket wurde mit einem anderen zusammengeführt: Was Sie tun wollten, gehört dorthin.
refused-before = Schon getan
refused-before-text = Dieses Formular wurde schon gesendet; was es verlangt, ist getan.
kept-text = Nichts ist verloren: Was Sie geschrieben haben, steht unten.
kept-without-files = Dateien noch einmal wählen
kept-without-files-text = Sie sind wieder angemeldet. Noch wurde nichts gesendet, weil die Dateien fehlen.
files-again = Dateien bleiben nicht erhalten. Wählen Sie diese noch einmal: { $names }
files-too-large = Diese Dateien sind zusammen zu groß für ein Formular. Nichts wurde gesendet: Lassen Sie einige weg.
list-unassigned = Nicht zugewiesen
list-mine = Meine
list-waiting = Wartend
list-overdue = Überfällig
list-snoozed = Zurückgestellt
list-closed = Geschlossen
list-spam = Spam
aside = Beiseitegelegt
outbox = Postausgang
about-unassigned = Die hat noch niemand.
about-mine = Ihre, nicht geschlossen.
about-waiting = Beantwortet; sie warten auf den Kunden.
about-overdue = Sie warten zu lange auf Antwort, die längsten zuerst.
about-snoozed = Zurückgestellt, die nächsten zuerst.
about-closed = Erledigt.
about-spam = Außer Sicht; wird nach einer Weile entfernt.
empty-unassigned = Nichts wartet darauf, dass es jemand nimmt.
empty-unassigned-text = Neue Tickets erscheinen hier von selbst. Sehen Sie unter Meine nach, oder helfen Sie bei Überfällig.
empty-mine = Sie haben keine offenen Tickets.
empty-mine-text = Nehmen Sie welche aus Nicht zugewiesen.
empty-waiting = Kein beantwortetes Ticket wartet auf seinen Kunden.
empty-waiting-text = Tickets kommen hierher, wenn Sie antworten, und gehen, wenn der Kunde schreibt.
empty-overdue = Nichts ist überfällig.
empty-overdue-text = Tickets kommen hierher, wenn lange niemand geantwortet hat (Einstellung overdue_time).
empty-snoozed = Nichts ist zurückgestellt.
empty-snoozed-text = Stellen Sie ein Ticket zurück, und es kommt zu einer Zeit wieder, oder wenn der Kunde schreibt.
empty-closed = Noch ist kein Ticket geschlossen.
empty-closed-text = Geschlossene Tickets bleiben hier; eine Antwort des Kunden öffnet sie wieder.
empty-spam = Es gibt keinen Spam.
empty-spam-text = Hierher kommen Tickets, die jemand Spam nennt.
empty-department = Diese Abteilung hat keine Tickets.
empty-department-text = Mail an ihre Adressen öffnet sie.
empty-search = Nichts gefunden.
empty-search-text = Wörter passen auf Wortanfänge. Nehmen Sie weniger, eine #Nummer oder from:Name.
with-ticked = Mit den angehakten Tickets
select-all = Alle auswählen
select-ticket = #{ $id } auswählen
take = Nehmen
assign = Zuweisen
assign-to = Zuweisen an
close = Schließen
spam = Spam
not-spam = Kein Spam
more = Mehr
status = Status
set-status = Status setzen
department = Abteilung
move = Verschieben
tag = Schlagwort
add-tag = Schlagwort setzen
merge = Zusammenführen
all-found = Alle gefundenen, nicht nur diese Seite
no-subject = (kein Betreff)
unread = ungelesen
nobody = Niemand
somebody = Jemand
pages = Seiten
newest = Neueste
older = Ältere
status-open = Offen
status-answered = Beantwortet
status-awaiting-reply = Wartet auf Antwort
status-in-progress = In Arbeit
status-closed = Geschlossen
back = Zurück zur Liste
assignee = Zuständig
apply = Anwenden
said-by = { $name } schrieb
note = Notiz
quoted-text = Zitierter Text
formatted = Formatiert
formatted-mail = Formatierte Mail
bytes =
    { $n ->
        [one] { $n } Byte
       *[other] { $n } Bytes
    }
kilobytes = { $n } kB
megabytes = { $n } MB
delivery-waiting = wartet
delivery-sent = gesendet
delivery-failed = fehlgeschlagen
delivery-bounced = zurückgekommen
delivery-dropped = verworfen
save-draft = Entwurf speichern
what-to-write = Was geschrieben wird
answer = Antwort
to = An
cc = Cc
note-hint = Nur das Team sieht dies. Nichts wird gesendet.
formatting = Formatierung
bold = Fett
italic = Kursiv
list = Liste
quote = Zitat
code-mark = Codetext
preview = Vorschau
canned = Textbausteine
message = Nachricht
leave-out = Weglassen
files = Dateien
send = Senden
send-and-close = Senden und schließen
send-anyway = Trotzdem senden
save-note = Notiz speichern
text-missing = Es gibt noch nichts zu senden: Schreiben Sie etwas oder wählen Sie eine Datei.
too-many-files = { $name } wird nicht angenommen: höchstens { $n } Dateien.
file-too-large = { $name } ist zu groß.
file-not-taken = Dateien wie { $name } werden nicht angenommen.
other-files-kept = Die anderen Dateien bleiben erhalten.
details = Einzelheiten
customer = Kunde
answers-go-to = Antworten gehen an
takes-part = Nimmt auch teil
linked-with = Verknüpft mit
other-tickets = Andere Tickets
no-other-tickets = Das ist das einzige.
history = Verlauf
actor-customer = Ein Kunde
actor-staff = Ein früheres Teammitglied
actor-desk = Der Helpdesk
actor-machine = Ein Programm
door-mail = per Mail
door-api = über die API
door-web = im Browser
door-command-line = per Befehl
door-jobs = nach der Uhr
door-outbox = beim Senden
event-opened = eröffnet
event-replied = der Kunde schrieb
event-answered = beantwortet
event-noted = Notiz hinzugefügt
event-status = Status: { $detail }
event-assigned = zugewiesen an: { $detail }
event-moved = verschoben nach { $detail }
event-requester = Kunde ist nun { $detail }
event-reply-to = Antworten gehen an { $detail }
event-participant = { $detail } nimmt teil
event-also-to = ging auch an { $detail }
event-linked = verknüpft mit { $detail }
event-merged = zusammengeführt { $detail }
event-attachment-removed = Datei entfernt: { $detail }
event-bounced = Mail an { $detail } kam zurück
event-undelivered = Mail an { $detail } war nicht zustellbar
event-removed = entfernt
event-snoozed = zurückgestellt bis { $detail }
event-woken = nicht mehr zurückgestellt
event-spam = als Spam bezeichnet
event-not-spam = kein Spam
event-tagged = Schlagwort gesetzt: { $detail }
event-untagged = Schlagwort entfernt: { $detail }
event-priority = Priorität: { $detail }
event-field = Feld geändert: { $detail }
event-taken-back = Antwort zurückgenommen
event-parted = getrennt { $detail }
event-split = aufgeteilt { $detail }
event-mentioned = { $detail } wurde erwähnt
event-retried = Mail an { $detail } wird erneut versucht
event-dropped = Mail an { $detail } aus der Warteschlange genommen
event-participant-left = { $detail } nimmt nicht mehr teil
event-subject = Betreff geändert; er war: { $detail }
draft-saved-at = Entwurf gespeichert { $time }
cancel = Abbrechen
save-as-note = Als Notiz speichern
no-address = „{ $text }“ ist keine Mailadresse.
own-address = „{ $text }“ ist eine Adresse dieses Desks: er schriebe an sich selbst.
to-missing = Geben Sie an, an wen es geht.
subject-missing = Geben Sie einen Betreff an.
news-here = Inzwischen wurde hier geschrieben: Lesen Sie es oben. Ihr Text und Ihre Dateien sind noch da.
sent-before = Dieses Formular wurde schon einmal gesendet, mit anderem Inhalt. Jetzt wurde nichts gesendet: Sehen Sie nach, was im Ticket steht, und senden Sie auch dies, wenn es gehen soll.
merged-elsewhere = #{ $id } wurde mit #{ $into } zusammengeführt: Tun Sie es dort. Hier wurde nichts getan.
no-member = { $name } darf { $department } nicht sehen, wo das Ticket liegt.
not-active = Das Konto { $name } ist nicht aktiv.
choose-again = Das gibt es nicht mehr: Wählen Sie noch einmal.
left-alone =
    { $n ->
        [one] Ein Ticket blieb, wie es ist: Dort ist das nicht möglich.
       *[other] { $n } Tickets blieben, wie sie sind: Dort ist das nicht möglich.
    }
changed-meanwhile = Jemand anderes hat dies inzwischen geändert; nichts wurde gespeichert: Sehen Sie, was jetzt dort steht, und speichern Sie Ihres darüber oder übernehmen Sie das andere.
stands-there = Was jetzt dort steht
tag-wrong = Ein Schlagwort hat 1 bis { $max } Zeichen, ohne Kommas, Doppelpunkte, Anführungszeichen und #.
one-address = Nennen Sie eine Adresse.
time-to-come = Wählen Sie eine Zeit in der Zukunft.
no-such-ticket = Für Sie gibt es kein Ticket „{ $text }“.
merge-itself = Das ist das Ticket selbst: Nennen Sie ein anderes.
merge-two = Haken Sie mindestens zwei Tickets an, um sie zusammenzuführen.
draft-beside = Ein anderes Fenster hat dieses Formular gesendet. Was Sie hier schreiben, bleibt als etwas Neues erhalten.
said-sent = Gesendet.
said-taken-back = Zurückgenommen. Ihr Text steht unten.
said-undone = Rückgängig gemacht.
said-too-late = Dafür ist es zu spät.
said-nothing-ticked = Haken Sie zuerst ein Ticket an.
said-saved = Gespeichert.
said-moved = Jenes Ticket wurde inzwischen mit diesem zusammengeführt. Was Sie geschrieben haben, steht unten: Senden Sie es hier.
button-take = Nehmen
button-assign = Zuweisen
button-close = Schließen
button-status = Status setzen
button-move = Verschieben
button-tag = Schlagwort setzen
button-spam = Spam
button-not-spam = Kein Spam
button-merge = Zusammenführen
pictures-blocked = { $n } fremde Bilder sind blockiert.
show-pictures = Bilder zeigen
priority = Priorität
snooze = Zurückstellen
until = Bis
until-hours = in 3 Stunden
until-tomorrow = morgen um 8:00
until-week = in einer Woche um 8:00
until-at = zu einer Zeit
until-time = Zeit
put-off = Zurückstellen
mark-unread = Als ungelesen markieren
merge-with = Zusammenführen mit
rename = Umbenennen
customer-address = Adresse des Kunden
give-to-customer = Diesem Kunden geben
is-spam = Dieses Ticket wurde als Spam bezeichnet.
is-snoozed = Zurückgestellt bis { $until }.
wake = Jetzt zurückholen
is-merged = Dieses Ticket wurde zusammengeführt mit
untag = Schlagwort { $name } entfernen
search-title = Suche: { $text }
about-aside = Mails, die auf einen Menschen warten.
empty-aside = Hier wartet keine Mail.
empty-aside-text = Mail, die der Helpdesk nicht selbst zuordnen kann, wird hier aufgehoben und geht nie verloren.
select-mail = Mail { $id } auswählen
let-in = Einlassen
drop = Verwerfen
why-unreadable = Sie war nicht als Mail lesbar.
why-no-from = Sie nennt keinen brauchbaren Absender.
why-from-us = Sie gibt an, von einer unserer eigenen Adressen zu kommen.
why-too-many = Der Absender schrieb zu viele Mails in einer Stunde.
why-unknown-recipient = Sie ging an eine Adresse, die nicht unsere ist.
why-no-department = Die Adresse hat keine Abteilung.
why-staff-unproven = Sie gibt an, vom Team zu sein, ohne Nachweis.
why-staff-without-token = Antwort aus dem Team ohne das Zeichen ihrer Mail.
why-stranger-held = Ein Fremder nennt eines unserer Tickets.
about-outbox = Was hinausgeht: wartend, fehlgeschlagen, gesendet.
empty-outbox = Noch ist keine Mail hinausgegangen.
empty-outbox-text = Antworten und Benachrichtigungen erscheinen hier, mit dem, was aus ihnen wurde.
tries = { $n } Versuche
try-again = Noch einmal
profile = Profil
language-auto = Wie der Browser
time-zone = Zeitzone
no-zone = „{ $text }“ ist keine Zeitzone; schreiben Sie sie wie Europe/Berlin.
colours = Farben
scheme-auto = Wie das System
scheme-light = Hell
scheme-dark = Dunkel
after-sending = Nach dem Senden
after-stay = Im Ticket bleiben
after-next = Das nächste Ticket öffnen
after-list = Zur Liste gehen
signature = Signatur
single-keys = Einzelne Tasten tun etwas
signed-in-at = Angemeldet bei
this-browser = dieser Browser
end-session = Beenden
current-password = Jetziges Passwort
change-password = Passwort ändern
password-short = Ein Passwort hat mindestens 8 Zeichen.
password-unusable = Dieses Passwort geht nicht.
wrong-own-password = Das jetzige Passwort ist falsch.
second-factor = Zweiter Faktor
no-second-factor = Zur Anmeldung genügt das Passwort.
set-up-second-factor = Einrichten
second-factor-text = Geben Sie diesen Schlüssel in Ihrer Authenticator-App ein, dann den Code, den sie zeigt.
second-factor-link = In der App öffnen
turn-on = Einschalten
turn-off = Ausschalten
recovery-codes = Ersatzcodes
recovery-codes-text = Jeder ersetzt den Code einmal. Bewahren Sie sie nicht beim Telefon auf; sie werden nicht wieder gezeigt.
recovery-codes-left = { $n } Ersatzcodes sind übrig.
here-reading = { $name } ist hier
here-writing = { $name } schreibt
set-up = Einrichtung
keys = Tasten
keys-rows = nächste und vorige Zeile
keys-open = öffnen
keys-tick = anhaken, bis hierher anhaken
keys-take = nehmen, zuweisen
keys-status = Status, Abteilung
keys-write = Antwort, Notiz
keys-formatted = formatierte Mail, zitierter Text
keys-search = suchen; im leeren Text: Textbausteine
keys-aside = ungelesen, zurückstellen, Spam
keys-pages = vorige und nächste Seite
keys-lists = Nicht zugewiesen, Meine, Wartend, Überfällig
event-rated = Urteil des Kunden: { $detail }
event-let-in = Mail { $detail } war zurückgehalten und wurde eingelassen
way-into = in { $ticket }
way-from = von { $ticket }
way-of = von { $ticket }
done-take =
    { $n ->
        [one] 1 Ticket genommen.
       *[other] { $n } Tickets genommen.
    }
done-assign =
    { $n ->
        [one] 1 Ticket zugewiesen.
       *[other] { $n } Tickets zugewiesen.
    }
done-close =
    { $n ->
        [one] 1 Ticket geschlossen.
       *[other] { $n } Tickets geschlossen.
    }
done-status =
    { $n ->
        [one] Status geändert: 1 Ticket.
       *[other] Status geändert: { $n } Tickets.
    }
done-move =
    { $n ->
        [one] 1 Ticket verschoben.
       *[other] { $n } Tickets verschoben.
    }
done-tag =
    { $n ->
        [one] Schlagwort gesetzt: 1 Ticket.
       *[other] Schlagwort gesetzt: { $n } Tickets.
    }
done-spam =
    { $n ->
        [one] Als Spam bezeichnet: 1 Ticket.
       *[other] Als Spam bezeichnet: { $n } Tickets.
    }
done-not-spam =
    { $n ->
        [one] Kein Spam: 1 Ticket.
       *[other] Kein Spam: { $n } Tickets.
    }
done-snooze =
    { $n ->
        [one] 1 Ticket zurückgestellt.
       *[other] { $n } Tickets zurückgestellt.
    }
done-wake =
    { $n ->
        [one] 1 Ticket zurückgeholt.
       *[other] { $n } Tickets zurückgeholt.
    }
done-priority =
    { $n ->
        [one] Priorität geändert: 1 Ticket.
       *[other] Priorität geändert: { $n } Tickets.
    }
done-merge =
    { $n ->
        [one] 1 Ticket zusammengeführt.
       *[other] { $n } Tickets zusammengeführt.
    }
said-view-removed = Die Suche wurde entfernt.
said-dropped =
    { $n ->
        [one] 1 Mail verworfen.
       *[other] { $n } Mails verworfen.
    }
said-let-in =
    { $n ->
        [one] 1 Mail eingelassen.
       *[other] { $n } Mails eingelassen.
    }
said-stays =
    { $n ->
        [one] 1 Mail kann nicht eingelassen werden: Absender oder Abteilung fehlt.
       *[other] { $n } Mails können nicht eingelassen werden: Absender oder Abteilung fehlt.
    }
were-gone =
    { $n ->
        [one] 1 war schon erledigt.
       *[other] { $n } waren schon erledigt.
    }
drop-mails =
    { $n ->
        [one] 1 Mail verwerfen? Sie bleibt verzeichnet.
       *[other] { $n } Mails verwerfen? Sie bleiben verzeichnet.
    }
sure =
    { $n ->
        [one] { $act }: 1 Ticket?
       *[other] { $act }: { $n } Tickets?
    }
merge-into =
    { $n ->
        [one] 1 Ticket zusammenführen?
       *[other] { $n } Tickets zu #{ $id } zusammenführen?
    }
view-name = Name dieser Suche
save-view = Suche speichern
for-everybody = für alle
add = Hinzufügen
edit = Bearbeiten
remove = Entfernen
keep = Behalten
test = Testen
yes = Ja
no = Nein
send-again = Erneut senden
setup-general = Einstellungen
setup-departments = Abteilungen
setup-addresses = E-Mail-Adressen
setup-agents = Mitarbeiter
setup-templates = E-Mail-Vorlagen
setup-canned = Textbausteine
setup-fields = Eigene Felder
setup-priorities = Prioritäten
setup-tags = Schlagwörter
setup-views = Ansichten für alle
setup-tokens = API-Schlüssel
setup-webhooks = Webhooks
setup-bans = Sperren
setup-audit = Protokoll
setup-health = Zustand
setup-empty = Hier ist noch nichts.
setup-deeds = Was getan werden kann
setup-wrong = Nichts wurde gespeichert: siehe die Hinweise unten.
setup-done-saved = Gespeichert.
setup-done-removed = Entfernt.
setup-done-sent = Es wird erneut gesendet.
setup-new-department = Neue Abteilung
setup-new-address = Neue E-Mail-Adresse
setup-new-agent = Neuer Mitarbeiter
setup-new-token = Neuer API-Schlüssel
setup-new-canned = Neuer Textbaustein
setup-new-field = Neues Feld
setup-new-priority = Neue Priorität
setup-new-tag = Neues Schlagwort
setup-new-view = Neue Ansicht
setup-new-ban = Neue Sperre
setup-new-webhook = Neuer Webhook
f-name = Name
f-private = Nicht öffentlich
f-tickets = Tickets
f-query = Suche
f-color = Farbe
f-ban = Adresse oder Domain
f-since = Seit
f-title = Titel
f-text = Text
f-position = Platz
f-kind = Art
f-options = Auswahl
f-required = Pflichtfeld
f-departments = Abteilungen
f-permissions = Rechte
f-everything = Alles
f-ips = IP-Adressen
f-active = Aktiv
f-last-used = Zuletzt benutzt
f-email = E-Mail
f-role = Rolle
f-second-factor = Zweiter Faktor
f-last-sign-in = Letzte Anmeldung
f-sees-all = Sieht alle Abteilungen
f-sets-up = Darf einrichten
f-notices = Wird per Mail benachrichtigt
f-subject = Betreff
f-sent = Wird gesendet
f-texts = Texte
f-preview-ticket = Ticket für die Vorschau
f-number = Nr.
f-when = Wann
f-who = Wer
f-ticket = Ticket
f-what = Was
f-door = Wie
f-state = Zustand
f-found = Befund
f-fix = Was zu tun ist
f-url = URL
f-events = Ereignisse
f-tries = Versuche
f-answer = Antwort
f-incoming = Eingang
f-outgoing = Ausgang
f-default = Standard
f-last-fetch = Letzter Abruf
f-imap = Postfach (IMAP)
f-imap-host = IMAP-Server
f-imap-port = IMAP-Port
f-imap-tls = IMAP-Sicherheit
f-imap-user = IMAP-Benutzer
f-imap-password = IMAP-Passwort
f-imap-folders = IMAP-Ordner
f-imap-after = Nach dem Abruf
f-smtp = Mailserver (SMTP)
f-smtp-host = SMTP-Server
f-smtp-port = SMTP-Port
f-smtp-tls = SMTP-Sicherheit
f-smtp-user = SMTP-Benutzer
f-smtp-password = SMTP-Passwort
f-site-name = Name des Helpdesks
h-private = Wird Kunden nicht angeboten.
h-color = Eine Farbe als #rrggbb.
h-ban = ann@example.org, oder example.org mit allem darunter.
h-canned = Einfacher Text; HTML, wenn er mit < beginnt.
h-options = Eine je Zeile, für Auswahl und Kästchen.
h-field-departments = Keine angekreuzt: für alle.
h-ips = Genau, 10.0.*.*, 10.0.0.0/8 oder IPv6, mit Kommas; leer: von überall.
h-role = Admins sehen und ändern alles.
h-password-new = Mindestens 6 Zeichen.
h-password = Leer: bleibt, wie es ist.
h-template = Einfacher Text; HTML, wenn er mit < beginnt. Wörter wie %ticket_id% werden ersetzt.
h-preview = Die Nummer eines Tickets; leer: das neueste.
h-url = https://host/pfad. Private Adressen nur mit der Einstellung webhook_private.
h-webhook-on = Einschalten beendet auch eine Pause und sendet, was wartet.
h-from = Steht im Absender.
h-default = Mail an unbekannte Adressen geht an deren Abteilung.
h-imap = Nur, wenn Mail aus einem Postfach kommt.
h-smtp = Nur, wenn Mail an einen SMTP-Server geht.
h-mailbox-password = Liegt in einer Datei neben der Datenbank, die nur deren Konto liest.
h-mailbox-password-kept = Ist hinterlegt; leer: bleibt so.
h-imap-folders = Einer je Zeile.
h-imap-after = seen, move:ORDNER oder delete.
h-lines = Kopieren Sie, was zu Ihrem Mailserver passt.
h-aliases = Das Programm muss als { $account } laufen.
h-cpanel = Weiterleitungen › Hinzufügen › An ein Programm.
about-views = Eine Ansicht ist eine gespeicherte Suche, die bei allen neben den Listen steht.
about-bans = Mail dieser Absender wird verworfen.
about-general = Jede gilt ab der nächsten Mail und Anfrage. In Klammern steht der ausgelieferte Wert.
about-audit = Jede Änderung, die neueste zuerst.
about-health = Was maildesk admin doctor jetzt sagt.
about-webhooks = Eigene Programme, die erfahren, was mit Tickets geschieht.
health-elsewhere = Hier nur auf der Kommandozeile: maildesk admin.
wrong-line = Eine Zeile mit 1 bis { $max } Zeichen.
wrong-long = Höchstens { $max } Zeichen.
wrong-email = Das ist keine E-Mail-Adresse.
wrong-port = Ein Port ist eine Zahl von 1 bis 65535.
wrong-choice = Wählen Sie etwas Angebotenes.
wrong-taken = Das ist schon vergeben.
for-those-who-see-all = Nur für alle, die sämtliche Abteilungen sehen.
wrong-empty = Das wird gebraucht.
wrong-ticket = Dieses Ticket gibt es nicht.
wrong-username = Nur Buchstaben, Ziffern, - und _.
wrong-password-length = Mindestens { $min } Zeichen, höchstens ein Kilobyte.
wrong-password-again = Ein anderer Server: geben Sie das Passwort neu ein.
last-admin = Das ist der letzte aktive Admin: legen Sie erst einen anderen an.
last-department = Das ist die letzte Abteilung, und Tickets brauchen eine.
messages-stay = Was sie schrieben, bleibt; ihre Tickets gehören dann niemandem.
remove-department = Abteilung { $name } entfernen?
remove-address = Adresse { $name } entfernen?
remove-agent = Mitarbeiter { $name } entfernen?
remove-token = Schlüssel { $name } entfernen?
remove-template = Geänderte Texte von { $name } entfernen?
remove-canned = Textbaustein { $name } entfernen?
remove-field = Feld { $name } entfernen?
remove-priority = Priorität { $name } entfernen?
remove-tag = Schlagwort { $name } entfernen?
remove-view = Ansicht { $name } entfernen?
remove-ban = Sperre von { $name } entfernen?
remove-webhook = Webhook { $name } entfernen?
addresses-move = Diese Adressen gehen an { $name }:
address-goes = Ihre Mail wird nicht mehr zu Tickets.
default-address-goes = Es ist die Standardadresse: danach gibt es keine.
token-ends = Programme, die ihn benutzen, werden sofort abgewiesen.
token-once = Das ist der Schlüssel. Er wird nicht noch einmal gezeigt:
totp-on = Zweiten Faktor einrichten
totp-off = Zweiten Faktor abschalten
totp-once = Das gehört in die App des Mitarbeiters. Es wird nicht noch einmal gezeigt:
field-values-stay = Was in Tickets steht, bleibt.
tickets-lose-priority = Tickets damit zeigen keine.
ban-lifted = Ihre Mail wird wieder angenommen.
texts-edited = geändert
texts-shipped = wie ausgeliefert
role-admin = Admin
role-agent = Agent
incoming-none = Keiner
incoming-pipe = Vom Mailserver (pipe)
incoming-imap = Aus einem Postfach (IMAP)
outgoing-none = Keiner
outgoing-smtp = SMTP-Server
outgoing-sendmail = sendmail
outgoing-file = Dateien
tls-implicit = TLS
tls-starttls = STARTTLS
tls-none = Keine
field-kind-text = Text
field-kind-textarea = Mehrere Zeilen
field-kind-password = Passwort
field-kind-checkbox = Kästchen
field-kind-radio = Eines von mehreren
field-kind-select = Auswahlliste
field-kind-date = Datum
fetch-fine = gelungen
test-in-fine = Eingang: angemeldet. Ordner: { $folders }
test-in-failed = Eingang: { $why }
test-in-pipe = Eingang: Der Mailserver übergibt die Mail; senden Sie eine zur Probe.
test-in-none = Eingang: keiner.
test-out-fine = Ausgang: Der Server nimmt Mail an.
test-out-failed = Ausgang: { $why }
test-out-none = Ausgang: keiner.
webhook-active = an
webhook-inactive = aus
webhook-paused = pausiert: einen Tag lang schlug alles fehl
webhook-failing = schlägt fehl
webhook-on = Eingeschaltet
webhook-log = Protokoll
webhook-log-of = Zustellungen an { $name }
webhook-new-key = Neuer Schlüssel
webhook-key-once = Das ist der Schlüssel der Signaturen, für den Empfänger. Er wird nicht noch einmal gezeigt:
webhook-took = Der Empfänger hat es angenommen: { $status }
delivery-pending = wartet
set-up-added = hinzugefügt: { $detail }
set-up-changed = geändert: { $detail }
set-up-removed = entfernt: { $detail }
first-title = Ihr neuer Helpdesk
first-about = Legen Sie das erste Konto an. Es sieht und ändert alles.
first-over = Dieser Link wurde benutzt, oder seine Stunde ist um. maildesk admin init druckt einen neuen, solange es keine Mitarbeiter gibt.
template-new_ticket = An den Kunden: das Ticket ist offen.
template-autoresponse = An den Kunden: die Antwort ist da.
template-staff_reply = An den Kunden: es gibt eine Antwort.
template-staff_ticketnotification = An Mitarbeiter: ein Kunde schrieb.
template-staff_assigned = An Mitarbeiter: ein Ticket gehört ihnen.
template-staff_mentioned = An Mitarbeiter: eine Notiz erwähnt sie.
template-new_user = An neue Kunden: Adresse bestätigen.
removes-tickets =
    { $n ->
        [one] Ihr Ticket geht mit, samt allem darin.
       *[other] Ihre { $n } Tickets gehen mit, samt allem darin.
    }
tickets-lose-tag =
    { $n ->
        [one] Ein Ticket verliert es.
       *[other] { $n } Tickets verlieren es.
    }
deliveries-lost =
    { $n ->
        [one] Sein Protokoll geht, und eine wartende Zustellung.
       *[other] Sein Protokoll geht, und { $n } wartende Zustellungen.
    }
fetch-failed =
    { $n ->
        [one] einmal fehlgeschlagen:
       *[other] { $n }-mal fehlgeschlagen:
    }
fetch-left =
    { $n ->
        [one] eine Mail übrig
       *[other] { $n } Mails übrig
    }
template-lost_password = An Kunden, die ihn anfordern: der Link zur Anmeldung.
template-satisfaction = An den Kunden nach dem Schließen: wie war es?

setup-schedules = Dienstzeiten
setup-customers = Kunden
setup-figures = Zahlen
setup-new-schedule = Neue Dienstzeiten
setup-new-customer = Neuer Kunde
f-hours = Zeiten
f-zone = Zeitzone
f-staff = Mitarbeiter
f-on-duty = Jetzt im Dienst
f-schedule = Dienstzeiten
f-verified = Bestätigt
f-blocked = Gesperrt
f-merge-into = Zusammenführen mit
about-schedules = Wer Dienstzeiten hat, wird nur währenddessen per E-Mail benachrichtigt, es sei denn, niemand aus der Abteilung ist im Dienst.
about-customers = Die hundert neuesten; die anderen findet die Suche.
about-figures = Was eingegangen ist und wie es beantwortet wurde.
h-hours = Etwa Mon-Fri 9:00-17:00, mehrere mit Kommas dazwischen.
h-zone = Etwa Europe/Berlin oder UTC.
h-schedule = Wann diese Person per E-Mail benachrichtigt wird.
h-blocked = Darf sich nicht anmelden.
h-merge-into = Die Adresse des Kunden, der alles bekommt.
wrong-customer = Es gibt keinen anderen Kunden mit dieser Adresse.
remove-schedule = Dienstzeiten { $name } entfernen?
schedule-goes = Mitarbeiter, die dann immer im Dienst sind: { $n }.
remove-customer = Kunden { $name } entfernen?
merge-customer = Zusammenführen
merge-asks = Dieser Kunde endet, der andere bekommt so viele Tickets: { $n }. Das lässt sich nicht rückgängig machen.
invite = Link zum Bestätigen der Adresse senden
invited = Ein Link für { $email } liegt im Postausgang.
invite-failed = Es wurde nichts gesendet: Die Vorlage new_user ist aus, keine Adresse sendet, oder Mails dorthin kommen immer zurück.
always-on-duty = Immer im Dienst
new-codes = Neue Ersatzcodes
codes-once = Ersatzcodes, jeder ersetzt einmal den Code der App. Sie werden nicht wieder gezeigt:
codes-left = Übrige Ersatzcodes: { $n }.
fetch-never = noch nicht abgeholt
verdict-good = Gut bearbeitet
verdict-bad = Nicht gut bearbeitet
verdict-of = Was der Kunde von #{ $ticket } sagt
n-figure = Zahl
n-tickets = Tickets
n-messages = Nachrichten
n-opened = In den letzten { $days } Tagen eröffnet
n-answered-half = Die Hälfte bekam die erste Antwort innerhalb von
n-answered-most = Neun von zehn bekamen die erste Antwort innerhalb von
n-hours = { $hours } h
n-asked = In den letzten { $days } Tagen gefragte Kunden
n-good = davon zufrieden ({ $days } Tage)
n-bad = davon nicht zufrieden ({ $days } Tage)
find = Finden
about-agents = Zwei Rollen: Admins sehen und richten alles ein; Agenten sehen ihre Abteilungen, und mehr, wo das angekreuzt ist.
wrong-tag = Ein Schlagwort hat 1 bis { $max } Zeichen, ohne , : # und Anführungszeichen.

# Signatures, fields, bans, parting
add-signature = Hiermit unterschreiben
fields = Felder
save-fields = Felder speichern
spam-ban = Spam, und Absender sperren
ban-sure = Dieses Ticket als Spam bezeichnen und jede weitere Mail von { $email } verwerfen?
part = Wieder trennen
take-tag = Schlagwort entfernen
said-needs-totp = Richten Sie zuerst einen zweiten Faktor ein: Dieser Helpdesk verlangt ihn von allen.
button-untag = Schlagwort entfernen
done-untag =
    { $n ->
        [one] Schlagwort entfernt: 1 Ticket.
       *[other] Schlagwort entfernt: { $n } Tickets.
    }
done-spam-ban = Als Spam bezeichnet; Mails dieses Absenders werden ab jetzt verworfen.
done-part = Wieder getrennt.

setup-mails = Empfangene Mails
setup-backups = Sicherungen
setup-check = Prüfung
setup-import = Import
setup-done-started = Es hat begonnen.
setup-done-running = Es läuft schon.
setup-done-uploaded = Die Dateien sind da.
set-up-started = gestartet: { $detail }
set-up-handed-out = herausgegeben: { $detail }
set-up-dropped = verworfen: { $detail }
set-up-let-in = eingelassen: { $detail }
errand = Letzter Lauf
errand-running = läuft seit { $time }
errand-done = fertig, { $time }
errand-failed = fehlgeschlagen, { $time }
errand-cut-off = begonnen { $time } und abgebrochen, weil der Server endete. Bitte neu starten; nichts ist halb getan.
look-again = Erneut nachsehen
f-file = Datei
f-size = Größe
f-mail-from = Von
f-mail-to = An
f-became = Was daraus wurde
f-received-since = Empfangen seit
f-files-to-import = Dateien
f-archive-address = Gesendet an
f-imap-auth = IMAP-Anmeldung
imap-auth-password = Passwort
imap-auth-xoauth2 = OAuth 2 (XOAUTH2)
h-imap-auth = OAuth 2 für Google und Microsoft: Token-Endpunkt des Anbieters, Client und Refresh-Token angeben.
about-mails = Jede Mail, die hereinkam, die neuesten zuerst, und was aus ihr wurde.
about-backups = Eine Sicherung ist der ganze Desk in einer Datei: jedes Ticket und alles, womit Konten und Tokens geprüft werden. Bewahren Sie sie wie den Desk selbst auf. Sie liegen in { $folder }; lassen Sie sie auf einen anderen Rechner bringen.
about-check = Sieht die ganze Datenbank durch: Aufbau, Verweise, Dateien, geführte Zahlen und die Suche. Niemand muss darauf warten.
about-import = Aus HelpDeskZ: der Dump der Datenbank (.sql) und die Anhänge. Aus einem Postfach: ein Archiv von Mails (.mbox). Laden Sie die Dateien hier hoch, oder legen Sie sie nach { $folder } und die Anhänge dort in den Ordner attachments. Ein Import kann wiederholt werden: Was da ist, bleibt, wie es ist.
about-import-dump = Anhänge, die dafür da sind: { $n }. „Nur ansehen“ importiert in eine Kopie, die wieder verschwindet, und sagt, was geschehen würde.
about-import-archive = Jede Mail wird ein Ticket oder Teil eines Tickets, mit ihrem eigenen Datum. Niemandem wird geschrieben.
about-read-again = Mails, deren Bytes noch da sind, werden nach den heutigen Regeln neu gelesen: Ihre Texte können sich ändern, und niemand wird benachrichtigt.
h-upload = Mehrere auf einmal, zusammen bis etwa 30 MB. Größere kommen auf anderem Weg in den Ordner, etwa mit scp.
h-restore = Der Desk darf dabei nicht laufen, darum geschieht dies auf der Kommandozeile. Was seit der Sicherung geschrieben wurde, geht verloren.
h-repair = Eine Reparatur lässt Mail und Seiten warten, darum geschieht sie auf der Kommandozeile. Was sich nicht reparieren lässt, kommt aus einer Sicherung.
h-import-command = Dasselbe mit Dateien, die woanders auf dem Rechner liegen, und mit Ordnern von Mails (Maildir).
h-decide-again = Nach den heutigen Regeln und Einstellungen. Nichts wurde geändert.
h-move-database = In eine andere Datenbank, etwa von einer Datei nach PostgreSQL. Der Desk darf dabei nicht laufen, darum geschieht dies auf der Kommandozeile.
move-database = Den Desk umziehen
at-the-command-line = Auf der Kommandozeile
back-up-now = Jetzt sichern
check-now = Jetzt prüfen
download = Herunterladen
restore = Zurückspielen
repair = Reparieren
upload = Hochladen
import = Importieren
only-look = Nur ansehen
show = Anzeigen
read-again = Neu lesen
decide-again = Was jetzt geschähe
how-it-was-read = Wie sie gelesen wurde
download-mail = Mail herunterladen
open-ticket = #{ $ticket } öffnen
let-in-or-drop = Einlassen oder verwerfen
mail-number = Mail { $n }
mail-state-all = Alle
mail-state-stored = Gespeichert
mail-state-quarantined = Zurückgelegt
mail-state-dropped = Verworfen
filters = Teile der Liste
address-by-mail = Was jede Mail sagt
remove-backup = Sicherung { $name } entfernen?
remove-import = Datei { $name } entfernen?
imported-stays = Was daraus importiert wurde, bleibt.
wrong-day = Ein Tag ist nötig, etwa 2026-02-28.

f-oauth-url = Token-Endpunkt
f-oauth-client = Client-Id
f-oauth-secret = Client-Geheimnis
f-oauth-refresh = Refresh-Token
f-oauth-scope = Scope
whole-text = Der ganze lange Text
h-signature = Steht unter Antworten, die über diese Adresse hinausgehen, und zwar unter der eigenen Signatur dessen, der schreibt (jeder setzt sie im Profil); einfaches Markdown. %staff_name% ist, wer schreibt, %company_name% der Name des Desks. Wer schreibt, kann beide weglassen. Leer: nur die eigene.
signature-hint = Die Signatur der Adresse, über die eine Antwort hinausgeht, folgt unter Ihrer.
saved-searches = Gespeicherte Suchen

## Settings

setting-site_name = Name des Desks
setting-site_name-text = Name des Desks, in Mails
setting-site_url = Adresse der Seiten
setting-site_url-text = öffentliche Adresse des Desks, für Links in Mails
setting-tickets_page = Tickets je Seite (API)
setting-tickets_page-text = Tickets je Seite der API
setting-tickets_replies = Nachrichten je Seite (API)
setting-tickets_replies-text = Nachrichten je Seite der API
setting-reply_order = Reihenfolge der Nachrichten (API)
setting-reply_order-text = Reihenfolge der Nachrichten nach Datum in der API
setting-ticket_attachment = Hochladen
setting-ticket_attachment-text = Dateien über die API und die Seiten für Kunden
setting-ticket_attachment_number = Dateien je Anfrage
setting-ticket_attachment_number-text = Dateien je Anfrage
setting-ticket_file_size = MB je Datei
setting-ticket_file_size-text = MB je hochgeladener Datei
setting-ticket_file_type = Arten von Dateien
setting-ticket_file_type-text = erlaubte Endungen hochgeladener Dateien, mit Kommas getrennt
setting-mail_attachment_number = Anhänge je Mail
setting-mail_attachment_number-text = Anhänge, die von einer Mail behalten werden
setting-mail_attachment_size = MB je Anhang
setting-mail_attachment_size-text = MB je Anhang einer Mail
setting-mail_attachment_block = Weggelassene Anhänge
setting-mail_attachment_block-text = Endungen von Anhängen, die weggelassen und in einer Notiz genannt werden
setting-login_attempt = Falsche Passwörter
setting-login_attempt-text = falsche Passwörter, bis die Adresse gesperrt wird, von der sie kommen; bei Mitarbeitern (auch staff/auth) und Kunden getrennt gezählt; 0 = nie (ein Konto wird in jedem Fall ab 20 Fehlversuchen je Stunde gesperrt)
setting-login_attempt_minutes = Minuten dieser Sperre
setting-login_attempt_minutes-text = Minuten, die diese Sperre dauert; 0 = keine Sperre
setting-overdue_time = Überfällig nach Stunden
setting-overdue_time-text = Stunden, nach denen ein unbeantwortetes Ticket überfällig ist; 0 = nie
setting-ticket_autoclose = Geschlossen nach Stunden
setting-ticket_autoclose-text = Stunden, nach denen ein beantwortetes Ticket geschlossen wird; 0 = nie
setting-maintenance = Wartung
setting-maintenance-text = HelpDeskZ zuliebe behalten; die API beachtet es nicht, wie dort
setting-date_format = Form von Daten
setting-date_format-text = HelpDeskZ zuliebe behalten: wie dessen Seiten Daten schrieben
setting-timezone = Zeitzone
setting-timezone-text = Zeitzone der Seiten für alle, die keine eigene gewählt haben
setting-unknown_recipient = Unbekannter Empfänger
setting-unknown_recipient-text = Mail an eine Adresse, die wir nicht kennen: an die Abteilung der Standardadresse, zurückgehalten oder mit 5.1.1 abgewiesen
setting-stranger_reply = Mail von Fremden
setting-stranger_reply-text = Mail von Fremden, die ein Ticket nennt: ein neues verknüpftes Ticket, zur Ansicht zurückgehalten oder ins Ticket
setting-refuse_banned = Gesperrte Absender abweisen
setting-refuse_banned-text = pipe weist Mail gesperrter Absender mit 5.7.1 ab, statt sie als verworfen zu verzeichnen
setting-refuse_oversize = Zu große Mail abweisen
setting-refuse_oversize-text = pipe weist Mail über der Größengrenze mit 5.7.1 ab, statt ihren Kopf zu behalten
setting-reopen_days = Wieder offen binnen Tagen
setting-reopen_days-text = Tage nach dem Schließen, in denen eine Antwort wieder öffnet; spätere öffnen ein neues verknüpftes Ticket; 0 = nie wieder öffnen
setting-mails_per_hour = Mails je Absender und Stunde
setting-mails_per_hour-text = Mails je Absender und Stunde, bis sie zurückgehalten werden; 0 = keine Grenze
setting-auto_answers_per_hour = Automatische Mails je Stunde
setting-auto_answers_per_hour-text = automatische Mails je Empfänger und Stunde
setting-reply_address_token = Zeichen in der Antwortadresse
setting-reply_address_token-text = Reply-To ist eine Plus-Adresse mit dem Zeichen des Tickets; der Mailserver muss Plus-Adressen annehmen
setting-subject_tag = Nummer im Betreff
setting-subject_tag-text = {"["}#12] in Betreffen, die hinausgehen
setting-authserv_id = Mailserver, dem wir glauben
setting-authserv_id-text = wessen Authentication-Results geglaubt wird: der Name, den unser eigener Mailserver schreibt
setting-feeding_lists = Mailinglisten, die den Desk speisen
setting-feeding_lists-text = Adressen von Mailinglisten, die den Desk speisen, mit Kommas getrennt: was sie bringen, gilt als Mail einer Person, ohne Eingangsbestätigung
setting-forward_to_sender = Weitergeleitetes gehört dem Absender
setting-forward_to_sender-text = eine Kundenmail, die Mitarbeiter weiterleiten, gehört dem ursprünglichen Absender
setting-staff_mail_commands = Befehle in Mails von Mitarbeitern
setting-staff_mail_commands-text = #close und dergleichen oben in Mails von Mitarbeitern
setting-raw_keep_days = Rohe Mail behalten, in Tagen
setting-raw_keep_days-text = Tage, die die rohe Mail behalten wird; 0 = immer
setting-api_error_status = Status von Fehlern der API
setting-api_error_status-text = HTTP-Status von Fehlern der API: der von HelpDeskZ, oder 401, 403, 404, 422
setting-faveo_api_key = api_key von Faveo
setting-faveo_api_key-text = api_key, den Faveos Aufruf register bringen muss; leer = keiner
setting-faveo_answer = Antwort auf Faveos register
setting-faveo_answer-text = Antwort auf Faveos Aufruf register: ein Objekt, wie Faveos Dokument es zeigt, oder dieses Objekt in einem Array, wie Faveos veröffentlichte Apps es lesen
setting-metrics_open = Offene Metriken
setting-metrics_open-text = /metrics antwortet ohne Token
setting-imap_watch = Postfächer beobachten
setting-imap_watch-text = serve beobachtet die IMAP-Postfächer selbst
setting-web = Seiten für Menschen
setting-web-text = serve hat Seiten für Menschen; sonst nur die API
setting-web_page = Tickets je Seite
setting-web_page-text = Tickets je Seite der Listen
setting-web_insecure = Anmelden ohne TLS
setting-web_insecure-text = auch von anderen Maschinen meldet man sich ohne TLS an
setting-web_signins = Anmeldeversuche
setting-web_signins-text = Anmeldeversuche auf den Seiten, je Adresse in 10 Minuten
setting-web_submits = Tickets je Adresse
setting-web_submits-text = auf den Seiten eröffnete Tickets, je Adresse und Stunde
setting-web_links = Gemailte Links je Adresse
setting-web_links-text = Links, die Kunden sich mailen lassen, je Adresse und Stunde
setting-ticket_link_days = Tage, die der Link eines Tickets öffnet
setting-ticket_link_days-text = Tage, die der Link in einer Mail an Kunden ihr Ticket öffnet
setting-satisfaction = Nach dem Urteil fragen
setting-satisfaction-text = Kunden werden einmal, nachdem ihr Ticket geschlossen wurde, gefragt, wie es behandelt wurde
setting-spam_keep_days = Spam behalten, in Tagen
setting-spam_keep_days-text = Tage, nach denen ein Ticket entfernt wird, das Spam genannt wurde; 0 = nie
setting-undo_send_s = Sekunden zum Rückgängigmachen
setting-undo_send_s-text = Sekunden, in denen eine im Browser geschriebene Antwort zurückgenommen werden kann; 0 = gar nicht
setting-require_totp = Zweiten Faktor verlangen
setting-require_totp-text = Mitarbeiter ohne zweiten Faktor werden beim Anmelden dazu geführt, einen einzurichten
setting-webhook_private = Webhooks an private Adressen
setting-webhook_private-text = Webhooks dürfen auch an private Adressen gehen, etwa dieser Maschine und ihres Netzes
setting-cors_origins = Herkünfte für Browser
setting-cors_origins-text = Herkünfte, von denen Browser die API aufrufen dürfen, mit Kommas getrennt
choice-reply_order-asc = älteste zuerst
choice-reply_order-desc = neueste zuerst
choice-unknown_recipient-default = an die Standardadresse
choice-unknown_recipient-quarantine = zurückhalten
choice-unknown_recipient-reject = abweisen
choice-stranger_reply-new = ein neues Ticket
choice-stranger_reply-hold = zurückhalten
choice-stranger_reply-append = ins Ticket
choice-api_error_status-compat = wie HelpDeskZ
choice-api_error_status-http = 401, 403, 404, 422
choice-faveo_answer-object = ein Objekt
choice-faveo_answer-array = ein Array mit einem
wrong-number = Eine ganze Zahl von { $min } bis { $max }.
wrong-decimal = Eine Zahl über 0, höchstens { $max }.
wrong-extensions = Endungen wie jpg,png,gif.
wrong-url = Eine Adresse mit http:// oder https://.
wrong-mail-server = Ein Name ohne Leerzeichen, wie unser Mailserver ihn schreibt: mx.example.org.
wrong-origins = Ursprünge wie https://shop.example.org, ohne Pfad, durch Kommas getrennt.
wrong-addresses = E-Mail-Adressen, durch Kommas getrennt.
health-ok = In Ordnung
health-warn = Warnung
health-fail = Fehler

## Events, as webhooks ask for them

kind-opened = eröffnet
kind-replied = Kunde hat geschrieben
kind-answered = beantwortet
kind-noted = Notiz
kind-status = Status
kind-assigned = zugewiesen
kind-moved = verschoben
kind-requester = anderer Kunde
kind-reply-to = Antwortadresse
kind-participant = weiterer Beteiligter
kind-also-to = weitere Adresse des Desks
kind-linked = verknüpft
kind-merged = zusammengeführt
kind-attachment-removed = Anhang entfernt
kind-bounced = Mail zurückgekommen
kind-undelivered = Mail nicht zugestellt
kind-reread = neu gelesen
kind-snoozed = zurückgestellt
kind-woken = wieder da
kind-spam = Spam
kind-not-spam = kein Spam
kind-tagged = Schlagwort dazu
kind-untagged = Schlagwort weg
kind-priority = Priorität
kind-field = Feld
kind-taken-back = zurückgenommen
kind-parted = getrennt
kind-split = aufgeteilt
kind-mentioned = erwähnt
kind-retried = Mail noch einmal versucht
kind-dropped = Mail verworfen
kind-participant-left = Beteiligter weg
kind-subject = Betreff
kind-rated = Urteil
kind-let-in = Mail eingelassen
kind-removed = entfernt
