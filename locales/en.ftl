# Texts of the pages. Every catalogue has the same messages; a test finds a missing or surplus one.
new-password = New password
language = Language
save = Save
subject = Subject
articles = Articles
kb-new-article = New article
kb-new-category = New category
kb-staff-only = staff only
kb-public = Everybody may read it
kb-as-public = As everybody sees it
kb-views = read { $n } times
kb-none = (none)
kb-inside = Inside
kb-back = Back to the articles
kb-removed = Removed.
kb-remove-article = The article and its files will be gone for good.
kb-remove-category = The category will be gone for good.
kb-category-full = There are articles or categories in it. Move or remove them first.
kb-link-to = Article: { $title }
title = Title
category = Category
text = Text
format = Format
position = Position
name = Name
title-wrong = A name of at most 200 letters is needed.
submit-ticket = Submit a ticket
my-tickets = My tickets
my-account = My account
kb-home = How can we help?
kb-search = Search articles
kb-search-hint = What is it about?
kb-more =
    { $n ->
        [one] 1 more article
       *[other] { $n } more articles
    }
kb-other = Other articles
kb-popular = Most read
kb-way = Where this is
kb-nothing-found = Nothing was found.
kb-empty = There are no articles here yet.
kb-ask-us = Not what you need? Ask us.
kb-suggested = This may answer it:
your-name = Your name
your-email = Your email
leave-empty = Leave this empty
no-departments = Nothing can be submitted here. Please write us a mail.
form-stale = This page was open for long. Press the button once more.
form-hasty = That was very quick. Look it over and press Send once more.
email-wrong = This is not an email address.
subject-wrong = A subject of at most 255 letters is needed.
message-missing = Write what it is about.
department-wrong = Choose a department.
address-refused = Nothing is taken from this address.
field-missing = { $name } is needed.
field-wrong = { $name } is not filled in right.
too-many-tickets = Many tickets came from your address. Wait a while, or write us a mail.
too-many-links = Many links were asked for from your address. Wait a while.
sent-title = We have your message
sent-ticket = It is ticket #{ $id }.
sent-mail = We answer by mail. The link in our mail opens the ticket here.
send-link = Send me a link
send-link-hint = The link in the mail signs you in. Those who have a password may use it instead:
link-sent = If we know this address, a mail with a link is on its way. The link works for half an hour.
link-needs-url = This desk cannot mail links, because its own address (site_url) is not set.
wrong-email-or-password = Invalid email or password.
enter-text = Press the button to see your tickets.
no-link = This link does not work
no-link-text = It was used before, is too old, or was not copied wholly.
ask-for-link = Ask for a new link
no-tickets = You have no tickets.
waits-open = Waiting for us
waits-awaiting-reply = Waiting for us
waits-in-progress = In progress
waits-answered = Answered
waits-closed = Closed
closed-past = This ticket was closed long ago. What you write opens a new one.
closed-reopens = This ticket is closed. What you write opens it again.
solved = Solved, thanks
rate-question = Were you content with how we handled it?
rate-comment = A word about it (you need not)
rate-good = Yes, content
rate-bad = No, not content
rate-thanks = Thank you for telling us.
saved = Saved.
as-browser = As the browser
zone = Time zone
name-wrong = A name of at most 250 letters is needed.
zone-wrong = There is no such time zone. Europe/Berlin is one.
password-wrong = A password has at least 6 letters and at most 1024 bytes.
skip = Skip to the content
menu = Menu
lists = Lists
search = Search
search-hint = Search: words, #12, from:, is:open
new-ticket = New ticket
sign-in = Sign in
sign-out = Sign out
username = Username
password = Password
password-kept = Already checked
code = Code
code-wanted = Enter the code of your second factor.
code-wrong = This code is wrong or was used before.
wrong-password = Invalid username or password.
locked = Too many failed tries. Try again in { $minutes } minutes.
needs-tls = Signing in needs an encrypted connection (https). Ask the person who runs this desk.
session-over-kept = Your session is over. Sign in, and what you wrote will be sent.
session-over-shown = Your session is over. Sign in, and what you wrote is shown to you again.
undo = Undo
sending = Sending…
offline = Not connected; your draft is safe.
something-new = Something new was written here. Show it
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec
date = { $day } { $month }
refused-not-found = Not found
refused-not-found-text = There is no such page, or it is not for you.
refused-forbidden = Not allowed
refused-forbidden-text = Your account may not open this page.
refused-forged = Not accepted
refused-forged-text = This form does not come from a page of this desk. Load the page again and repeat what you did.
refused-stale = Not sent yet
refused-stale-text = You signed in again, or opened another link, after this page was made; nothing was done. Look it over and send it again.
refused-signed-out = Not signed in
refused-signed-out-text = Your session is over, and nothing was sent. Sign in, or open the link of our mail again, in another tab; then send it from here.
refused-broken = Not understood
refused-broken-text = The form could not be read. Load its page again and repeat what you did.
refused-too-large = Too large
refused-too-large-text = What you sent is larger than this desk takes, and nothing of it was taken. Leave out some files, or shorten the text.
refused-too-many = Too many tries
refused-too-many-text = There were too many tries from your address. Wait a few minutes and try again.
refused-method = Not possible
refused-method-text = This page cannot be opened in this way.
refused-busy = Busy
refused-busy-text = The desk is busy for a moment, and nothing was done. Try again.
refused-failed = Something went wrong
refused-failed-text = It was not your fault and is in the log. Try again.
refused-wrong = Not done
refused-merged = Merged
refused-merged-text = This ticket was merged into another one: what you wanted to do is done there.
refused-before = Done before
refused-before-text = This form was sent before, and what it asks for is done.
kept-text = Nothing is lost: what you typed stands below.
kept-without-files = Choose the files again
kept-without-files-text = You are signed in again. Nothing was sent yet, because the files are missing.
files-again = Files are not kept. Choose these again: { $names }
files-too-large = These files are too large together for one form. Nothing was sent: leave some out.
list-unassigned = Unassigned
list-mine = Mine
list-waiting = Waiting
list-overdue = Overdue
list-snoozed = Snoozed
list-closed = Closed
list-spam = Spam
aside = Aside
outbox = Outbox
about-unassigned = Nobody has these yet.
about-mine = Yours, not closed.
about-waiting = Answered; they wait for the customer.
about-overdue = They wait for an answer too long, longest first.
about-snoozed = Put off, next to wake first.
about-closed = Done.
about-spam = Out of sight; removed after a while.
empty-unassigned = Nothing waits for somebody to take it.
empty-unassigned-text = New tickets appear here by themselves. Look at Mine, or help with Overdue.
empty-mine = You have no open tickets.
empty-mine-text = Take some from Unassigned.
empty-waiting = No answered ticket waits for its customer.
empty-waiting-text = Tickets come here when you answer, and leave when the customer writes.
empty-overdue = Nothing is overdue.
empty-overdue-text = Tickets come here when nobody has answered for long (setting overdue_time).
empty-snoozed = Nothing is put off.
empty-snoozed-text = Snooze a ticket to have it back at a time, or when the customer writes.
empty-closed = No ticket is closed yet.
empty-closed-text = Closed tickets are kept here; an answer of the customer opens them again.
empty-spam = There is no spam.
empty-spam-text = Tickets that somebody calls spam come here.
empty-department = This department has no tickets.
empty-department-text = Mail to its addresses opens them.
empty-search = Nothing was found.
empty-search-text = Words match the beginning of words. Try fewer of them, a #number, or from:name.
with-ticked = With the ticked tickets
select-all = Select all
select-ticket = Select #{ $id }
take = Take
assign = Assign
assign-to = Assign to
close = Close
spam = Spam
not-spam = Not spam
more = More
status = Status
set-status = Set status
department = Department
move = Move
tag = Tag
add-tag = Add tag
merge = Merge
all-found = All that were found, not only this page
no-subject = (no subject)
unread = unread
nobody = Nobody
somebody = Somebody
pages = Pages
newest = Newest
older = Older
status-open = Open
status-answered = Answered
status-awaiting-reply = Awaiting reply
status-in-progress = In progress
status-closed = Closed
back = Back to the list
assignee = Assignee
apply = Apply
said-by = { $name } wrote
note = Note
quoted-text = Quoted text
formatted = Formatted
formatted-mail = Formatted mail
bytes =
    { $n ->
        [one] { $n } byte
       *[other] { $n } bytes
    }
kilobytes = { $n } kB
megabytes = { $n } MB
delivery-waiting = waiting
delivery-sent = sent
delivery-failed = failed
delivery-bounced = bounced
delivery-dropped = dropped
save-draft = Save draft
what-to-write = What to write
answer = Answer
to = To
cc = Cc
note-hint = Only staff see this. Nothing is sent.
formatting = Formatting
bold = Bold
italic = Italic
list = List
quote = Quote
code-mark = Code text
preview = Preview
canned = Canned responses
message = Message
leave-out = Leave out
files = Files
send = Send
send-and-close = Send and close
send-anyway = Send anyway
save-note = Save note
text-missing = There is nothing to send yet: write something or choose a file.
too-many-files = { $name } is not taken: at most { $n } files.
file-too-large = { $name } is too large.
file-not-taken = Files such as { $name } are not taken.
other-files-kept = The other files are kept.
details = Details
customer = Customer
answers-go-to = Answers go to
takes-part = Also takes part
linked-with = Linked with
other-tickets = Other tickets
no-other-tickets = This is their only one.
history = History
actor-customer = A customer
actor-staff = A former staff member
actor-desk = The desk
actor-machine = A program
door-mail = by mail
door-api = by the API
door-web = in the browser
door-command-line = by command
door-jobs = by the clock
door-outbox = while sending
event-opened = opened
event-replied = the customer wrote
event-answered = answered
event-noted = note added
event-status = status: { $detail }
event-assigned = assigned to: { $detail }
event-moved = moved to { $detail }
event-requester = customer is now { $detail }
event-reply-to = answers go to { $detail }
event-participant = { $detail } takes part
event-also-to = also sent to { $detail }
event-linked = linked with { $detail }
event-merged = merged { $detail }
event-attachment-removed = file removed: { $detail }
event-bounced = mail to { $detail } came back
event-undelivered = mail to { $detail } could not be sent
event-removed = removed
event-snoozed = put off until { $detail }
event-woken = no longer put off
event-spam = called spam
event-not-spam = not spam
event-tagged = tag added: { $detail }
event-untagged = tag removed: { $detail }
event-priority = priority: { $detail }
event-field = field changed: { $detail }
event-taken-back = answer taken back
event-parted = parted { $detail }
event-split = split { $detail }
event-mentioned = { $detail } was mentioned
event-retried = mail to { $detail } is tried again
event-dropped = mail to { $detail } taken out of the queue
event-participant-left = { $detail } takes part no longer
event-subject = subject changed; it was: { $detail }
draft-saved-at = Draft saved { $time }
cancel = Cancel
save-as-note = Save as note
no-address = “{ $text }” is not a mail address.
own-address = “{ $text }” is an address of this desk: it would write to itself.
to-missing = Say who it goes to.
subject-missing = Give it a subject.
news-here = Somebody wrote here meanwhile: read it above. Your text and files are kept.
sent-before = This form was sent before, with something else in it. Nothing was sent now: see what stands in the ticket, then send this too if it is to go as well.
merged-elsewhere = #{ $id } was merged into #{ $into }: do it there. Nothing was done here.
no-member = { $name } may not see { $department }, where the ticket is.
not-active = The account { $name } is not active.
choose-again = This is not there any more: choose again.
left-alone =
    { $n ->
        [one] One ticket was left as it is: that is not possible for it.
       *[other] { $n } tickets were left as they are: that is not possible for them.
    }
changed-meanwhile = Somebody else has changed this meanwhile, and nothing was saved: see what stands there now, then save yours over it or take theirs into it.
stands-there = What stands there now
tag-wrong = A tag has 1 to { $max } letters, without commas, colons, quotes and #.
one-address = Name one address.
time-to-come = Choose a time to come.
no-such-ticket = There is no ticket “{ $text }” for you.
merge-itself = This is the ticket itself: name another one.
merge-two = Tick two tickets or more to merge them.
draft-beside = Another window has sent this form. What you write here is kept as something new.
said-sent = Sent.
said-taken-back = Taken back. Your text is below.
said-undone = Undone.
said-too-late = It is too late to undo this.
said-nothing-ticked = Tick a ticket first.
said-saved = Saved.
said-moved = That ticket was merged into this one meanwhile. What you wrote stands below: send it here.
button-take = Take
button-assign = Assign
button-close = Close
button-status = Set status
button-move = Move
button-tag = Add tag
button-spam = Spam
button-not-spam = Not spam
button-merge = Merge
pictures-blocked = { $n } pictures from elsewhere are blocked.
show-pictures = Show pictures
priority = Priority
snooze = Snooze
until = Until
until-hours = in 3 hours
until-tomorrow = tomorrow at 8:00
until-week = in a week at 8:00
until-at = at a time
until-time = Time
put-off = Put off
mark-unread = Mark as unread
merge-with = Merge with
rename = Rename
customer-address = Address of the customer
give-to-customer = Give to this customer
is-spam = This ticket was called spam.
is-snoozed = Put off until { $until }.
wake = Take back now
is-merged = This ticket was merged into
untag = Remove tag { $name }
search-title = Search: { $text }
about-aside = Mails that wait for a person.
empty-aside = No mail waits here.
empty-aside-text = Mail that the desk cannot place by itself is kept here and never lost.
select-mail = Select mail { $id }
let-in = Let in
drop = Drop
why-unreadable = It could not be read as a mail.
why-no-from = It names no usable sender.
why-from-us = It claims to come from one of our own addresses.
why-too-many = Its sender wrote too many mails within an hour.
why-unknown-recipient = It went to an address that is not ours.
why-no-department = Its address has no department.
why-staff-unproven = It says that it is from staff, without proof.
why-staff-without-token = An answer of staff without the token of their mail.
why-stranger-held = A stranger names one of our tickets.
about-outbox = What leaves: waiting, failed, sent.
empty-outbox = No mail has left yet.
empty-outbox-text = Answers and notices to people appear here, with what became of them.
tries = { $n } tries
try-again = Try again
profile = Profile
language-auto = As the browser has it
time-zone = Time zone
no-zone = “{ $text }” is no time zone; write it like Europe/Berlin.
colours = Colours
scheme-auto = As the system has them
scheme-light = Light
scheme-dark = Dark
after-sending = After sending
after-stay = Stay in the ticket
after-next = Open the next ticket
after-list = Go to the list
signature = Signature
single-keys = Single keys do something
signed-in-at = Signed in at
this-browser = this browser
end-session = End
current-password = Current password
change-password = Change password
password-short = A password has at least 8 characters.
password-unusable = This password cannot be used.
wrong-own-password = The current password is wrong.
second-factor = Second factor
no-second-factor = Signing in takes the password alone.
set-up-second-factor = Set up
second-factor-text = Enter this key in your authenticator app, then the code it shows.
second-factor-link = Open in the app
turn-on = Turn on
turn-off = Turn off
recovery-codes = Recovery codes
recovery-codes-text = Each replaces the code once. Keep them where your telephone is not; they are not shown again.
recovery-codes-left = { $n } recovery codes are left.
here-reading = { $name } is here
here-writing = { $name } is writing
set-up = Set-up
keys = Keys
keys-rows = next and previous row
keys-open = open
keys-tick = tick, tick up to here
keys-take = take, assign
keys-status = status, department
keys-write = answer, note
keys-formatted = formatted mail, quoted text
keys-search = search; in an empty text: canned responses
keys-aside = unread, snooze, spam
keys-pages = previous and next page
keys-lists = Unassigned, Mine, Waiting, Overdue
event-rated = the customer’s verdict: { $detail }
event-let-in = mail { $detail } was set aside and let in
way-into = into { $ticket }
way-from = from { $ticket }
way-of = of { $ticket }
done-take =
    { $n ->
        [one] Took 1 ticket.
       *[other] Took { $n } tickets.
    }
done-assign =
    { $n ->
        [one] Assigned 1 ticket.
       *[other] Assigned { $n } tickets.
    }
done-close =
    { $n ->
        [one] Closed 1 ticket.
       *[other] Closed { $n } tickets.
    }
done-status =
    { $n ->
        [one] Changed the status of 1 ticket.
       *[other] Changed the status of { $n } tickets.
    }
done-move =
    { $n ->
        [one] Moved 1 ticket.
       *[other] Moved { $n } tickets.
    }
done-tag =
    { $n ->
        [one] Tagged 1 ticket.
       *[other] Tagged { $n } tickets.
    }
done-spam =
    { $n ->
        [one] Called spam: 1 ticket.
       *[other] Called spam: { $n } tickets.
    }
done-not-spam =
    { $n ->
        [one] Not spam: 1 ticket.
       *[other] Not spam: { $n } tickets.
    }
done-snooze =
    { $n ->
        [one] Put off 1 ticket.
       *[other] Put off { $n } tickets.
    }
done-wake =
    { $n ->
        [one] Took back 1 ticket.
       *[other] Took back { $n } tickets.
    }
done-priority =
    { $n ->
        [one] Changed the priority of 1 ticket.
       *[other] Changed the priority of { $n } tickets.
    }
done-merge =
    { $n ->
        [one] Merged 1 ticket.
       *[other] Merged { $n } tickets.
    }
said-view-removed = The search was removed.
said-dropped =
    { $n ->
        [one] Dropped 1 mail.
       *[other] Dropped { $n } mails.
    }
said-let-in =
    { $n ->
        [one] Let in 1 mail.
       *[other] Let in { $n } mails.
    }
said-stays =
    { $n ->
        [one] 1 mail cannot be let in: it has no sender or no department.
       *[other] { $n } mails cannot be let in: they have no sender or no department.
    }
were-gone =
    { $n ->
        [one] 1 was gone already.
       *[other] { $n } were gone already.
    }
drop-mails =
    { $n ->
        [one] Drop 1 mail? It stays on record.
       *[other] Drop { $n } mails? They stay on record.
    }
sure =
    { $n ->
        [one] { $act }: 1 ticket?
       *[other] { $act }: { $n } tickets?
    }
merge-into =
    { $n ->
        [one] Merge 1 ticket?
       *[other] Merge { $n } tickets into #{ $id }?
    }
view-name = Name of this search
save-view = Save search
for-everybody = for everybody
add = Add
edit = Edit
remove = Remove
keep = Keep
test = Test
yes = Yes
no = No
send-again = Send again
setup-general = Settings
setup-departments = Departments
setup-addresses = Email addresses
setup-agents = Staff
setup-templates = Email templates
setup-canned = Canned responses
setup-fields = Custom fields
setup-priorities = Priorities
setup-tags = Tags
setup-views = Views for everybody
setup-tokens = API tokens
setup-webhooks = Webhooks
setup-bans = Bans
setup-audit = Audit
setup-health = Health
setup-empty = Nothing is here yet.
setup-deeds = What can be done
setup-wrong = Nothing was saved: see what is marked below.
setup-done-saved = Saved.
setup-done-removed = Removed.
setup-done-sent = It is sent again.
setup-new-department = New department
setup-new-address = New email address
setup-new-agent = New staff member
setup-new-token = New API token
setup-new-canned = New canned response
setup-new-field = New custom field
setup-new-priority = New priority
setup-new-tag = New tag
setup-new-view = New view
setup-new-ban = New ban
setup-new-webhook = New webhook
f-name = Name
f-private = Private
f-tickets = Tickets
f-query = Query
f-color = Color
f-ban = Address or domain
f-since = Since
f-title = Title
f-text = Text
f-position = Position
f-kind = Type
f-options = Options
f-required = Required
f-departments = Departments
f-permissions = Permissions
f-everything = Everything
f-ips = IP addresses
f-active = Active
f-last-used = Last used
f-email = Email
f-role = Role
f-second-factor = Second factor
f-last-sign-in = Last sign-in
f-sees-all = May see all departments
f-sets-up = May set up the desk
f-notices = Is notified by mail
f-subject = Subject
f-sent = Is sent
f-texts = Texts
f-preview-ticket = Ticket for the preview
f-number = No.
f-when = When
f-who = Who
f-ticket = Ticket
f-what = What
f-door = How
f-state = State
f-found = What was found
f-fix = What to do
f-url = URL
f-events = Events
f-tries = Tries
f-answer = Answer
f-incoming = Incoming
f-outgoing = Outgoing
f-default = Default
f-last-fetch = Last fetch
f-imap = Mailbox (IMAP)
f-imap-host = IMAP host
f-imap-port = IMAP port
f-imap-tls = IMAP security
f-imap-user = IMAP user
f-imap-password = IMAP password
f-imap-folders = IMAP folders
f-imap-after = After fetching
f-smtp = Mail server (SMTP)
f-smtp-host = SMTP host
f-smtp-port = SMTP port
f-smtp-tls = SMTP security
f-smtp-user = SMTP user
f-smtp-password = SMTP password
f-site-name = Name of the desk
h-private = Not offered to customers.
h-color = A color as #rrggbb.
h-ban = ann@example.org, or example.org with all below it.
h-canned = Plain text; HTML if it begins with <.
h-options = One a line, for choices and boxes.
h-field-departments = None ticked: for all of them.
h-ips = Exact, 10.0.*.*, 10.0.0.0/8 or IPv6, with commas between; empty: from anywhere.
h-role = Admins see and set up everything.
h-password-new = At least 6 characters.
h-password = Empty: it stays as it is.
h-template = Plain text; HTML if it begins with <. Words such as %ticket_id% are filled in.
h-preview = A ticket’s number; empty: the newest.
h-url = https://host/path. Private addresses only with the setting webhook_private.
h-webhook-on = Switching it on also ends a pause and sends what waits.
h-from = Shown in From.
h-default = Mail to unknown addresses goes to this one’s department.
h-imap = Only where mail comes in from a mailbox.
h-smtp = Only where mail goes out to an SMTP server.
h-mailbox-password = Kept in a file beside the database that only its account reads.
h-mailbox-password-kept = Is kept; empty: it stays.
h-imap-folders = One a line.
h-imap-after = seen, move:FOLDER or delete.
h-lines = Copy what fits your mail server.
h-aliases = The program has to run as { $account }.
h-cpanel = Forwarders › Add Forwarder › Pipe to a Program.
about-views = A view is a saved search that stands beside everybody’s lists.
about-bans = Mail of these senders is dropped.
about-general = Each holds from the next mail and request on. The value as shipped is in brackets.
about-audit = Every change, the newest first.
about-health = What maildesk admin doctor says now.
about-webhooks = Your programs that are notified of what happens to tickets.
health-elsewhere = Here only at the command line: maildesk admin.
wrong-line = One line of 1 to { $max } characters.
wrong-long = At most { $max } characters.
wrong-email = This is not an email address.
wrong-port = A port is a number from 1 to 65535.
wrong-choice = Choose one that is offered.
wrong-taken = It is in use already.
for-those-who-see-all = Only for those who see all departments.
wrong-empty = This is needed.
wrong-ticket = There is no such ticket.
wrong-username = Letters, digits, - and _ only.
wrong-password-length = At least { $min } characters, and not above a kilobyte.
wrong-password-again = Another server: type the password again.
last-admin = This is the last active admin: make another one first.
last-department = This is the last department, and tickets need one.
messages-stay = What they wrote stays; their tickets are nobody’s then.
remove-department = Remove department { $name }?
remove-address = Remove address { $name }?
remove-agent = Remove staff member { $name }?
remove-token = Remove token { $name }?
remove-template = Remove the edited texts of { $name }?
remove-canned = Remove canned response { $name }?
remove-field = Remove custom field { $name }?
remove-priority = Remove priority { $name }?
remove-tag = Remove tag { $name }?
remove-view = Remove view { $name }?
remove-ban = Remove the ban of { $name }?
remove-webhook = Remove webhook { $name }?
addresses-move = These addresses move to { $name }:
address-goes = Its mail makes no more tickets.
default-address-goes = It is the default address: the desk has none then.
token-ends = Programs that use it are refused at once.
token-once = This is the token. It is not shown again:
totp-on = Set up a second factor
totp-off = Switch the second factor off
totp-once = This goes into the app of the staff member. It is not shown again:
field-values-stay = What tickets have in it stays with them.
tickets-lose-priority = Tickets with it show none.
ban-lifted = Their mail is taken again.
texts-edited = edited
texts-shipped = as shipped
role-admin = Admin
role-agent = Agent
incoming-none = None
incoming-pipe = From the mail server (pipe)
incoming-imap = From a mailbox (IMAP)
outgoing-none = None
outgoing-smtp = SMTP server
outgoing-sendmail = sendmail
outgoing-file = Files
tls-implicit = TLS
tls-starttls = STARTTLS
tls-none = None
field-kind-text = Text
field-kind-textarea = Several lines
field-kind-password = Password
field-kind-checkbox = Boxes
field-kind-radio = One of several
field-kind-select = Choice
field-kind-date = Date
fetch-fine = worked
test-in-fine = Incoming: signed in. Folders: { $folders }
test-in-failed = Incoming: { $why }
test-in-pipe = Incoming: the mail server hands mail over; send a mail to try it.
test-in-none = Incoming: none.
test-out-fine = Outgoing: the server takes mail.
test-out-failed = Outgoing: { $why }
test-out-none = Outgoing: none.
webhook-active = on
webhook-inactive = off
webhook-paused = paused: every delivery failed for a day
webhook-failing = failing
webhook-on = Switched on
webhook-log = Log
webhook-log-of = Deliveries of { $name }
webhook-new-key = New key
webhook-key-once = This is the key of the signatures, for the receiver. It is not shown again:
webhook-took = The receiver took it: { $status }
delivery-pending = waiting
set-up-added = added: { $detail }
set-up-changed = changed: { $detail }
set-up-removed = removed: { $detail }
first-title = Your new desk
first-about = Make the first account. It may see and set up everything.
first-over = This link has been used, or its hour is over. maildesk admin init prints a new one while the desk has no staff.
template-new_ticket = To the customer: the ticket is open.
template-autoresponse = To the customer: the reply has arrived.
template-staff_reply = To the customer: staff have answered.
template-staff_ticketnotification = To staff: a customer wrote.
template-staff_assigned = To staff: a ticket is theirs now.
template-staff_mentioned = To staff: a note mentions them.
template-new_user = To a new customer: confirm the address.
removes-tickets =
    { $n ->
        [one] Its ticket goes with it, and what is written in it.
       *[other] Its { $n } tickets go with it, and what is written in them.
    }
tickets-lose-tag =
    { $n ->
        [one] One ticket loses it.
       *[other] { $n } tickets lose it.
    }
deliveries-lost =
    { $n ->
        [one] Its log goes, and one delivery that waits.
       *[other] Its log goes, and { $n } deliveries that wait.
    }
fetch-failed =
    { $n ->
        [one] failed once:
       *[other] failed { $n } times:
    }
fetch-left =
    { $n ->
        [one] one mail left
       *[other] { $n } mails left
    }
template-lost_password = To a customer who asks for it: the link to sign in.
template-satisfaction = To the customer after closing: how was it?

setup-schedules = Duty hours
setup-customers = Customers
setup-figures = Figures
setup-new-schedule = New duty hours
setup-new-customer = New customer
f-hours = Hours
f-zone = Time zone
f-staff = Staff
f-on-duty = On duty now
f-schedule = Duty hours
f-verified = Confirmed
f-blocked = Blocked
f-merge-into = Merge into
about-schedules = Staff with duty hours are notified by mail only while they are on duty. When nobody of a department is on duty, all of it are notified.
about-customers = The newest hundred; a search finds the others.
about-figures = What came in and how it was answered.
h-hours = Such as Mon-Fri 9:00-17:00, or several with commas between.
h-zone = Such as Europe/Berlin or UTC.
h-schedule = When the staff member is notified by mail.
h-blocked = May not sign in.
h-merge-into = The address of the customer who gets everything.
wrong-customer = There is no other customer with this address.
remove-schedule = Remove duty hours { $name }?
schedule-goes = Staff who are always on duty then: { $n }.
remove-customer = Remove customer { $name }?
merge-customer = Merge
merge-asks = This customer ends, and the other gets these tickets: { $n }. There is no way back.
invite = Mail a link that confirms the address
invited = A link for { $email } is in the outbox.
invite-failed = No mail was sent: the template new_user is off, no address sends mail, or mail to them keeps coming back.
always-on-duty = Always on duty
new-codes = New recovery codes
codes-once = Recovery codes, each replaces one code of the app. They are not shown again:
codes-left = Recovery codes that are left: { $n }.
fetch-never = not fetched yet
verdict-good = Handled well
verdict-bad = Not handled well
verdict-of = What the customer of #{ $ticket } says
n-figure = Figure
n-tickets = Tickets
n-messages = Messages
n-opened = Opened in the last { $days } days
n-answered-half = Half of them had the first answer within
n-answered-most = Nine in ten had the first answer within
n-hours = { $hours } h
n-asked = Customers asked in the last { $days } days
n-good = of those, content ({ $days } days)
n-bad = of those, not content ({ $days } days)
find = Find
about-agents = Two roles: admins see and set up everything; agents see their departments, and more where that is ticked.
wrong-tag = A tag has 1 to { $max } characters, without , : # and quotes.

# Signatures, fields, bans, parting
add-signature = Sign with this
fields = Fields
save-fields = Save fields
spam-ban = Spam, and ban the sender
ban-sure = Call this ticket spam and drop every further mail from { $email }?
part = Part again
take-tag = Remove tag
said-needs-totp = Set up a second factor first: this desk wants one of everybody.
button-untag = Remove tag
done-untag =
    { $n ->
        [one] Removed the tag from 1 ticket.
       *[other] Removed the tag from { $n } tickets.
    }
done-spam-ban = Called spam; mails of its sender are dropped from now on.
done-part = Parted again.

setup-mails = Mails received
setup-backups = Backups
setup-check = Check
setup-import = Import
setup-done-started = It has begun.
setup-done-running = It is running already.
setup-done-uploaded = The files are here.
set-up-started = started: { $detail }
set-up-handed-out = handed out: { $detail }
set-up-dropped = dropped: { $detail }
set-up-let-in = let in: { $detail }
errand = Newest run
errand-running = running since { $time }
errand-done = done, { $time }
errand-failed = failed, { $time }
errand-cut-off = begun { $time } and cut off, because the server ended. Start it again; nothing is half done.
look-again = Look again
f-file = File
f-size = Size
f-mail-from = From
f-mail-to = To
f-became = What became of it
f-received-since = Received since
f-files-to-import = Files
f-archive-address = Sent to
f-imap-auth = IMAP sign-in
imap-auth-password = Password
imap-auth-xoauth2 = OAuth 2 (XOAUTH2)
h-imap-auth = OAuth 2 for Google and Microsoft: give the provider’s token endpoint, the client and a refresh token.
about-mails = Every mail that came in, the newest first, and what became of it.
about-backups = A backup is the whole desk in one file: every ticket, and what accounts and tokens are checked by. Keep it as you keep the desk. They are in { $folder }; have them taken to another machine.
about-check = Looks through the whole database: its structure, what refers to what, the files, kept numbers and the search. Nobody has to wait for it.
about-import = From HelpDeskZ: the dump of its database (.sql) and its attachments. From a mailbox: an archive of mails (.mbox). Upload the files here, or put them into { $folder } and the attachments into the folder attachments there. An import can be repeated: what is in stays as it is.
about-import-dump = Attachments that are here for it: { $n }. “Only look” imports into a copy that goes away and says what would happen.
about-import-archive = Each mail becomes a ticket or part of one, with its own date. Nobody is written to.
about-read-again = Mails whose bytes are still kept are read again by today’s rules: their texts may change, and nobody is notified.
h-upload = Several at a time, up to about 30 MB together. Larger ones go into the folder by other means, such as scp.
h-restore = The desk must not run meanwhile, so this is done at the command line. What was written since the backup is lost.
h-repair = A repair keeps mail and pages waiting, so it is made at the command line. What cannot be repaired comes from a backup.
h-import-command = The same with files that are elsewhere on the machine, and with folders of mails (Maildir).
h-decide-again = By today’s rules and settings. Nothing was changed.
h-move-database = To another database, such as from a file to PostgreSQL. The desk must not run meanwhile, so this is done at the command line.
move-database = Move the desk
at-the-command-line = At the command line
back-up-now = Back up now
check-now = Check now
download = Download
restore = Restore
repair = Repair
upload = Upload
import = Import
only-look = Only look
show = Show
read-again = Read again
decide-again = What would happen now
how-it-was-read = How it was read
download-mail = Download the mail
open-ticket = Open #{ $ticket }
let-in-or-drop = Let in or drop
mail-number = Mail { $n }
mail-state-all = All
mail-state-stored = Stored
mail-state-quarantined = Set aside
mail-state-dropped = Dropped
filters = Parts of the list
address-by-mail = What each mail says
remove-backup = Remove backup { $name }?
remove-import = Remove file { $name }?
imported-stays = What was imported from it stays.
wrong-day = A day is needed, such as 2026-02-28.

f-oauth-url = Token endpoint
f-oauth-client = Client id
f-oauth-secret = Client secret
f-oauth-refresh = Refresh token
f-oauth-scope = Scope
whole-text = The whole of this long text
h-signature = Under answers that leave by this address, below the writer's own signature (a person sets it in the profile) and as its second part; light Markdown. %staff_name% is who writes, %company_name% the name of the desk. A writer can leave both out of an answer. Empty: only the writer's own.
signature-hint = The signature of the address an answer leaves by follows below yours.
saved-searches = Saved searches

## Settings

setting-site_name = Name of the desk
setting-site_name-text = name of the desk, in mails
setting-site_url = Address of the pages
setting-site_url-text = public URL of the desk, for links in mails
setting-tickets_page = Tickets per page (API)
setting-tickets_page-text = tickets per page of the API
setting-tickets_replies = Messages per page (API)
setting-tickets_replies-text = messages per page of the API
setting-reply_order = Order of messages (API)
setting-reply_order-text = order of messages by date in the API
setting-ticket_attachment = Uploads
setting-ticket_attachment-text = API uploads: 1 on, 0 off
setting-ticket_attachment_number = Files per upload
setting-ticket_attachment_number-text = API uploads: files per request
setting-ticket_file_size = MB per file
setting-ticket_file_size-text = API uploads: MB per file
setting-ticket_file_type = Kinds of files
setting-ticket_file_type-text = API uploads: allowed extensions, comma-separated
setting-mail_attachment_number = Attachments per mail
setting-mail_attachment_number-text = attachments kept of one mail
setting-mail_attachment_size = MB per attachment
setting-mail_attachment_size-text = MB per attachment of a mail
setting-mail_attachment_block = Attachments left out
setting-mail_attachment_block-text = extensions of mail attachments that are left out and named in a note
setting-login_attempt = Wrong passwords
setting-login_attempt-text = wrong passwords before the IP address they come from is locked, for staff/auth and staff's sign-in together, for customers' sign-in apart; 0 = never (an account is locked above 20 failures an hour in any case)
setting-login_attempt_minutes = Minutes of that lock
setting-login_attempt_minutes-text = minutes that lock lasts; 0 = no lock
setting-overdue_time = Overdue after hours
setting-overdue_time-text = hours after which an unanswered ticket is overdue; 0 = never
setting-ticket_autoclose = Closed after hours
setting-ticket_autoclose-text = hours after which an answered ticket is closed; 0 = never
setting-maintenance = Maintenance
setting-maintenance-text = kept for HelpDeskZ's sake; the API ignores it, as there
setting-date_format = Form of dates
setting-date_format-text = kept for HelpDeskZ's sake: how its pages wrote dates
setting-timezone = Time zone
setting-timezone-text = kept for HelpDeskZ's sake: the zone its pages wrote dates in
setting-unknown_recipient = Unknown recipient
setting-unknown_recipient-text = mail to an address we do not know: to the default address's department, aside, or refused with 5.1.1
setting-stranger_reply = Mail of a stranger
setting-stranger_reply-text = mail from a stranger that names a ticket: a new linked ticket, aside for review, or into the ticket
setting-refuse_banned = Refuse banned senders
setting-refuse_banned-text = pipe refuses mail of banned senders with 5.7.1 instead of recording the drop
setting-refuse_oversize = Refuse too large mail
setting-refuse_oversize-text = pipe refuses mail over the size limit with 5.7.1 instead of keeping its header
setting-reopen_days = Reopened within days
setting-reopen_days-text = days after closing in which an answer reopens; later ones open a new linked ticket; 0 = never reopen
setting-mails_per_hour = Mails per sender and hour
setting-mails_per_hour-text = mails per sender and hour before they are set aside; 0 = no limit
setting-auto_answers_per_hour = Automatic mails per hour
setting-auto_answers_per_hour-text = automatic mails per recipient and hour
setting-reply_address_token = Token in the reply address
setting-reply_address_token-text = Reply-To is a plus-address with the ticket's token; the MTA must accept plus-addresses
setting-subject_tag = Number in subjects
setting-subject_tag-text = {"["}#12] in outgoing subjects
setting-authserv_id = Trusted mail server
setting-authserv_id-text = whose Authentication-Results are trusted: the name our own MTA writes
setting-feeding_lists = Mailing lists that feed the desk
setting-feeding_lists-text = posting addresses of mailing lists that feed the desk, comma-separated: what they bring counts as a person's mail, without an acknowledgement
setting-forward_to_sender = Forwarded mail is the sender’s
setting-forward_to_sender-text = a customer's mail forwarded by staff belongs to the original sender
setting-staff_mail_commands = Commands in staff mail
setting-staff_mail_commands-text = #close and the like at the top of staff mail
setting-raw_keep_days = Raw mail kept for days
setting-raw_keep_days-text = days the raw mail is kept; 0 = forever
setting-api_error_status = Status of API errors
setting-api_error_status-text = HTTP status of API errors: HelpDeskZ's, or 401, 403, 404, 422
setting-faveo_api_key = Faveo’s api_key
setting-faveo_api_key-text = api_key that Faveo's register call must carry; empty = none
setting-faveo_answer = Answer to Faveo’s register
setting-faveo_answer-text = answer to Faveo's register call: an object as Faveo's document prints it, or that object in an array of one, as Faveo's published apps read it
setting-metrics_open = Open metrics
setting-metrics_open-text = /metrics answers without a token
setting-imap_watch = Watch mailboxes
setting-imap_watch-text = serve watches the IMAP mailboxes itself
setting-web = Pages for people
setting-web-text = serve has pages for people; 0: only the API
setting-web_page = Tickets per page
setting-web_page-text = tickets per page of the inbox
setting-web_insecure = Sign-in without TLS
setting-web_insecure-text = people may sign in without TLS from other machines too
setting-web_signins = Tries to sign in
setting-web_signins-text = tries to sign in on the pages, per client address in 10 minutes
setting-web_submits = Tickets per address
setting-web_submits-text = tickets submitted on the pages, per client address and hour
setting-web_links = Mailed links per address
setting-web_links-text = links mailed to customers who ask for one, per client address and hour
setting-ticket_link_days = Days a ticket’s link opens
setting-ticket_link_days-text = days the link in a mail to a customer opens its ticket
setting-satisfaction = Ask for a verdict
setting-satisfaction-text = customers are asked once, after their ticket was closed, how it was handled
setting-spam_keep_days = Spam kept for days
setting-spam_keep_days-text = days after which a ticket called spam is removed; 0 = never
setting-undo_send_s = Seconds to undo
setting-undo_send_s-text = seconds in which an answer written in the browser can be taken back; 0 = not at all
setting-require_totp = Demand a second factor
setting-require_totp-text = staff without a second factor are led to set one up when they sign in
setting-webhook_private = Webhooks to private addresses
setting-webhook_private-text = webhooks may go to private addresses too, such as those of this machine and its network
setting-cors_origins = Origins for browsers
setting-cors_origins-text = origins that browsers may call the API from, comma-separated
choice-reply_order-asc = oldest first
choice-reply_order-desc = newest first
choice-unknown_recipient-default = to the default address
choice-unknown_recipient-quarantine = aside
choice-unknown_recipient-reject = refuse
choice-stranger_reply-new = a new ticket
choice-stranger_reply-hold = aside
choice-stranger_reply-append = into the ticket
choice-api_error_status-compat = as HelpDeskZ
choice-api_error_status-http = 401, 403, 404, 422
choice-faveo_answer-object = an object
choice-faveo_answer-array = an array of one
wrong-number = A whole number from { $min } to { $max }.
wrong-decimal = A number above 0, at most { $max }.
wrong-extensions = Extensions such as jpg,png,gif.
wrong-url = An http:// or https:// address.
wrong-mail-server = One name without blanks, as our own mail server writes it: mx.example.org.
wrong-origins = Origins such as https://shop.example.org, without a path, separated by commas.
wrong-addresses = Mail addresses, separated by commas.
health-ok = OK
health-warn = Warning
health-fail = Fault

## Events, as webhooks ask for them

kind-opened = opened
kind-replied = replied
kind-answered = answered
kind-noted = noted
kind-status = status
kind-assigned = assigned
kind-moved = moved
kind-requester = requester
kind-reply-to = reply-to
kind-participant = participant
kind-also-to = also-to
kind-linked = linked
kind-merged = merged
kind-attachment-removed = attachment-removed
kind-bounced = bounced
kind-undelivered = undelivered
kind-reread = reread
kind-snoozed = snoozed
kind-woken = woken
kind-spam = spam
kind-not-spam = not-spam
kind-tagged = tagged
kind-untagged = untagged
kind-priority = priority
kind-field = field
kind-taken-back = taken-back
kind-parted = parted
kind-split = split
kind-mentioned = mentioned
kind-retried = retried
kind-dropped = dropped
kind-participant-left = participant-left
kind-subject = subject
kind-rated = rated
kind-let-in = let-in
kind-removed = removed
