# Texts of the pages. Every catalogue has the same messages; a test finds a missing or surplus one.
new-password = Nouveau mot de passe
language = Langue
save = Enregistrer
subject = Objet
articles = Articles
kb-new-article = Nouvel article
kb-new-category = Nouvelle catégorie
kb-staff-only = interne
kb-public = Tout le monde peut le lire
kb-as-public = Comme tout le monde le voit
kb-views = lu { $n } fois
kb-none = (aucune)
kb-inside = Dans
kb-back = Retour aux articles
kb-removed = Supprimé.
kb-remove-article = L’article et ses fichiers seront perdus pour toujours.
kb-remove-category = La catégorie sera perdue pour toujours.
kb-category-full = Elle contient des articles ou des catégories. Déplacez-les ou supprimez-les d’abord.
kb-link-to = Article : { $title }
title = Titre
category = Catégorie
text = Texte
format = Format
position = Position
name = Nom
title-wrong = Il faut un nom de 200 lettres au plus.
submit-ticket = Envoyer un ticket
my-tickets = Mes tickets
my-account = Mon compte
kb-home = Comment pouvons-nous aider ?
kb-search = Chercher des articles
kb-search-hint = De quoi s’agit-il ?
kb-more =
    { $n ->
        [one] 1 autre article
       *[other] { $n } autres articles
    }
kb-other = Autres articles
kb-popular = Les plus lus
kb-way = Où cela se trouve
kb-nothing-found = Rien n’a été trouvé.
kb-empty = Il n’y a pas encore d’articles ici.
kb-ask-us = Pas ce qu’il vous faut ? Demandez-nous.
kb-suggested = Ceci y répond peut-être :
your-name = Votre nom
your-email = Votre adresse e-mail
leave-empty = Laissez ceci vide
no-departments = Rien ne peut être envoyé ici. Écrivez-nous un e-mail.
form-stale = Cette page était ouverte depuis longtemps. Appuyez encore une fois sur le bouton.
form-hasty = C’était très rapide. Relisez et appuyez encore une fois sur Envoyer.
email-wrong = Ceci n’est pas une adresse e-mail.
subject-wrong = Il faut un objet de 255 lettres au plus.
message-missing = Écrivez de quoi il s’agit.
department-wrong = Choisissez un service.
address-refused = Rien n’est accepté de cette adresse.
field-missing = { $name } est nécessaire.
field-wrong = { $name } n’est pas bien rempli.
too-many-tickets = Beaucoup de tickets sont venus de votre adresse. Attendez un peu ou écrivez-nous un e-mail.
too-many-links = Beaucoup de liens ont été demandés depuis votre adresse. Attendez un peu.
sent-title = Nous avons votre message
sent-ticket = C’est le ticket n° { $id }.
sent-mail = Nous répondons par e-mail. Le lien dans notre e-mail ouvre le ticket ici.
send-link = Envoyez-moi un lien
send-link-hint = Le lien dans l’e-mail vous connecte. Qui a un mot de passe peut s’en servir à la place :
link-sent = Si nous connaissons cette adresse, un e-mail avec un lien est en route. Le lien vaut une demi-heure.
link-needs-url = Aucun lien ne peut être envoyé d’ici, car l’adresse propre (site_url) n’est pas réglée.
wrong-email-or-password = Adresse e-mail ou mot de passe incorrect.
enter-text = Appuyez sur le bouton pour voir vos tickets.
no-link = Ce lien ne fonctionne pas
no-link-text = Il a déjà servi, est trop ancien ou n’a pas été copié en entier.
ask-for-link = Demander un nouveau lien
no-tickets = Vous n’avez pas de tickets.
waits-open = En attente de nous
waits-awaiting-reply = En attente de nous
waits-in-progress = En cours
waits-answered = Répondu
waits-closed = Fermé
closed-past = Ce ticket a été fermé il y a longtemps. Ce que vous écrivez en ouvre un nouveau.
closed-reopens = Ce ticket est fermé. Ce que vous écrivez le rouvre.
solved = Résolu, merci
rate-question = Êtes-vous content de la façon dont nous l’avons traité ?
rate-comment = Un mot à ce sujet (si vous voulez)
rate-good = Oui, content
rate-bad = Non, pas content
rate-thanks = Merci de nous l’avoir dit.
saved = Enregistré.
as-browser = Comme le navigateur
zone = Fuseau horaire
name-wrong = Il faut un nom de 250 lettres au plus.
zone-wrong = Ce fuseau horaire n’existe pas. Europe/Berlin en est un.
password-wrong = Un mot de passe a au moins 6 lettres et au plus 1024 octets.
skip = Aller au contenu
menu = Menu
lists = Listes
search = Rechercher
search-hint = Recherche : mots, #12, from:, is:open
new-ticket = Nouveau ticket
sign-in = Se connecter
sign-out = Se déconnecter
username = Identifiant
password = Mot de passe
password-kept = Déjà vérifié
code = Code
code-wanted = Saisissez le code de votre second facteur.
code-wrong = Ce code est faux ou a déjà servi.
wrong-password = Identifiant ou mot de passe incorrect.
locked = Trop d’essais manqués. Réessayez dans { $minutes } minutes.
needs-tls = La connexion exige une liaison chiffrée (https). Demandez à la personne qui gère ce service.
session-over-kept = Votre session est terminée. Connectez-vous : ce que vous avez écrit sera envoyé.
session-over-shown = Votre session est terminée. Connectez-vous : ce que vous avez écrit vous sera montré à nouveau.
undo = Annuler
sending = Envoi…
offline = Pas de connexion ; votre brouillon est en sécurité.
something-new = Du nouveau a été écrit ici. Afficher
month-1 = janv.
month-2 = févr.
month-3 = mars
month-4 = avr.
month-5 = mai
month-6 = juin
month-7 = juil.
month-8 = août
month-9 = sept.
month-10 = oct.
month-11 = nov.
month-12 = déc.
date = { $day } { $month }
refused-not-found = Introuvable
refused-not-found-text = Cette page n’existe pas, ou elle n’est pas pour vous.
refused-forbidden = Non autorisé
refused-forbidden-text = Votre compte ne peut pas ouvrir cette page.
refused-forged = Non accepté
refused-forged-text = Ce formulaire ne vient pas d’une page de ce service. Rechargez la page et recommencez.
refused-stale = Pas encore envoyé
refused-stale-text = Vous vous êtes reconnecté ou avez ouvert un autre lien après la création de cette page ; rien n’a été fait. Relisez et renvoyez.
refused-signed-out = Non connecté
refused-signed-out-text = Votre session est terminée et rien n’a été envoyé. Connectez-vous dans un autre onglet, ou ouvrez-y le lien de notre e-mail ; puis envoyez d’ici.
refused-broken = Pas compris
refused-broken-text = Le formulaire n’a pas pu être lu. Rechargez sa page et recommencez.
refused-too-large = Trop volumineux
refused-too-large-text = C’est plus que ce que ce service accepte, et rien n’a été pris. Enlevez des fichiers ou raccourcissez le texte.
refused-too-many = Trop d’essais
refused-too-many-text = Trop d’essais depuis votre adresse. Attendez quelques minutes.
refused-method = Impossible
refused-method-text = Cette page ne s’ouvre pas ainsi.
refused-busy = Occupé
refused-busy-text = Le service est occupé un instant, et rien n’a été fait. Réessayez.
refused-failed = Une erreur est survenue
refused-failed-text = Ce n’est pas de votre faute ; c’est dans le journal. Réessayez.
refused-wrong = Pas fait
refused-merged = Fusionné
refused-merged-text = Ce ticket a été fusionné avec un autre : ce que vous vouliez faire se fait là.
refused-before = Déjà fait
refused-before-text = Ce formulaire a déjà été envoyé, et ce qu’il demande est fait.
kept-text = Rien n’est perdu : ce que vous avez écrit est ci-dessous.
kept-without-files = Choisissez les fichiers à nouveau
kept-without-files-text = Vous êtes de nouveau connecté. Rien n’a encore été envoyé, car les fichiers manquent.
files-again = Les fichiers ne sont pas gardés. Choisissez-les à nouveau : { $names }
files-too-large = Ces fichiers sont ensemble trop volumineux pour un formulaire. Rien n’a été envoyé : enlevez-en.
list-unassigned = Non attribués
list-mine = Les miens
list-waiting = En attente
list-overdue = En retard
list-snoozed = Reportés
list-closed = Fermés
list-spam = Spam
aside = Mis de côté
outbox = Boîte d’envoi
about-unassigned = Personne ne les a encore.
about-mine = Les vôtres, non fermés.
about-waiting = Répondus ; ils attendent le client.
about-overdue = Ils attendent une réponse depuis trop longtemps, les plus anciens d’abord.
about-snoozed = Reportés, le prochain à revenir d’abord.
about-closed = Terminés.
about-spam = Hors de vue ; supprimés au bout d’un moment.
empty-unassigned = Rien n’attend preneur.
empty-unassigned-text = Les nouveaux tickets arrivent ici d’eux-mêmes. Voyez Les miens, ou aidez pour En retard.
empty-mine = Vous n’avez pas de ticket ouvert.
empty-mine-text = Prenez-en dans Non attribués.
empty-waiting = Aucun ticket répondu n’attend son client.
empty-waiting-text = Les tickets arrivent ici quand vous répondez et partent quand le client écrit.
empty-overdue = Rien n’est en retard.
empty-overdue-text = Les tickets arrivent ici quand personne n’a répondu depuis longtemps (réglage overdue_time).
empty-snoozed = Rien n’est reporté.
empty-snoozed-text = Reportez un ticket : il revient à l’heure dite, ou quand le client écrit.
empty-closed = Aucun ticket n’est encore fermé.
empty-closed-text = Les tickets fermés restent ici ; une réponse du client les rouvre.
empty-spam = Il n’y a pas de spam.
empty-spam-text = Les tickets déclarés spam arrivent ici.
empty-department = Ce service n’a pas de tickets.
empty-department-text = Le courrier à ses adresses les ouvre.
empty-search = Rien n’a été trouvé.
empty-search-text = Les mots correspondent au début des mots. Essayez-en moins, un #numéro ou from:nom.
with-ticked = Avec les tickets cochés
select-all = Tout sélectionner
select-ticket = Sélectionner #{ $id }
take = Prendre
assign = Attribuer
assign-to = Attribuer à
close = Fermer
spam = Spam
not-spam = Pas du spam
more = Plus
status = État
set-status = Changer l’état
department = Service
move = Déplacer
tag = Étiquette
add-tag = Étiqueter
merge = Fusionner
all-found = Tous ceux trouvés, pas seulement cette page
no-subject = (sans objet)
unread = non lu
nobody = Personne
somebody = Quelqu’un
pages = Pages
newest = Les plus récents
older = Plus anciens
status-open = Ouvert
status-answered = Répondu
status-awaiting-reply = Attend réponse
status-in-progress = En cours
status-closed = Fermé
back = Retour à la liste
assignee = Responsable
apply = Appliquer
said-by = { $name } a écrit
note = Note
quoted-text = Texte cité
formatted = Mis en forme
formatted-mail = Courrier mis en forme
bytes =
    { $n ->
        [one] { $n } octet
       *[other] { $n } octets
    }
kilobytes = { $n } ko
megabytes = { $n } Mo
delivery-waiting = en attente
delivery-sent = envoyé
delivery-failed = échoué
delivery-bounced = revenu
delivery-dropped = abandonné
save-draft = Enregistrer le brouillon
what-to-write = Que rédiger
answer = Réponse
to = À
cc = Cc
note-hint = Seule l’équipe voit ceci. Rien n’est envoyé.
formatting = Mise en forme
bold = Gras
italic = Italique
list = Liste
quote = Citation
code-mark = Texte de code
preview = Aperçu
canned = Réponses types
message = Message
leave-out = Retirer
files = Fichiers
send = Envoyer
send-and-close = Envoyer et fermer
send-anyway = Envoyer quand même
save-note = Enregistrer la note
text-missing = Rien à envoyer pour l’instant : écrivez quelque chose ou choisissez un fichier.
too-many-files = { $name } n’est pas pris : { $n } fichiers au plus.
file-too-large = { $name } est trop volumineux.
file-not-taken = Les fichiers comme { $name } ne sont pas acceptés.
other-files-kept = Les autres fichiers sont gardés.
details = Détails
customer = Client
answers-go-to = Les réponses vont à
takes-part = Participe aussi
linked-with = Lié à
other-tickets = Autres tickets
no-other-tickets = C’est le seul.
history = Historique
actor-customer = Un client
actor-staff = Un ancien membre de l’équipe
actor-desk = Le service
actor-machine = Un programme
door-mail = par courrier
door-api = par l’API
door-web = dans le navigateur
door-command-line = par commande
door-jobs = à l’heure dite
door-outbox = à l’envoi
event-opened = ouvert
event-replied = le client a écrit
event-answered = répondu
event-noted = note ajoutée
event-status = état : { $detail }
event-assigned = attribué à : { $detail }
event-moved = déplacé vers { $detail }
event-requester = le client est désormais { $detail }
event-reply-to = les réponses vont à { $detail }
event-participant = { $detail } participe
event-also-to = envoyé aussi à { $detail }
event-linked = lié à { $detail }
event-merged = fusionné { $detail }
event-attachment-removed = fichier retiré : { $detail }
event-bounced = le courrier à { $detail } est revenu
event-undelivered = le courrier à { $detail } n’a pas pu partir
event-removed = supprimé
event-snoozed = reporté jusqu’à { $detail }
event-woken = n’est plus reporté
event-spam = déclaré spam
event-not-spam = pas du spam
event-tagged = étiquette ajoutée : { $detail }
event-untagged = étiquette retirée : { $detail }
event-priority = priorité : { $detail }
event-field = champ modifié : { $detail }
event-taken-back = réponse reprise
event-parted = séparé { $detail }
event-split = divisé { $detail }
event-mentioned = { $detail } a été mentionné
event-retried = nouvel essai du courrier à { $detail }
event-dropped = courrier à { $detail } retiré de la file
event-participant-left = { $detail } ne participe plus
event-subject = objet modifié ; c’était : { $detail }
draft-saved-at = Brouillon enregistré { $time }
cancel = Annuler
save-as-note = Enregistrer comme note
no-address = « { $text } » n’est pas une adresse.
own-address = « { $text } » est une adresse de ce service : il s’écrirait à lui-même.
to-missing = Indiquez le destinataire.
subject-missing = Donnez un objet.
news-here = Quelqu’un a écrit entre-temps : lisez plus haut. Votre texte et vos fichiers sont gardés.
sent-before = Ce formulaire a déjà été envoyé, avec un autre contenu. Rien n’a été envoyé cette fois : voyez ce qui est dans le ticket, puis envoyez aussi ceci s’il le faut.
merged-elsewhere = #{ $id } a été fusionné avec #{ $into } : faites-le là. Rien n’a été fait ici.
no-member = { $name } ne peut pas voir { $department }, où se trouve le ticket.
not-active = Le compte { $name } n’est pas actif.
choose-again = Ceci n’existe plus : choisissez à nouveau.
left-alone =
    { $n ->
        [one] Un ticket est resté tel quel : ce n’est pas possible pour lui.
       *[other] { $n } tickets sont restés tels quels : ce n’est pas possible pour eux.
    }
changed-meanwhile = Quelqu’un d’autre a modifié ceci entre-temps, et rien n’a été enregistré : voyez ce qui s’y trouve, puis enregistrez le vôtre par-dessus ou reprenez le sien.
stands-there = Ce qui s’y trouve
tag-wrong = Une étiquette a de 1 à { $max } lettres, sans virgules, deux-points, guillemets ni #.
one-address = Indiquez une adresse.
time-to-come = Choisissez un moment à venir.
no-such-ticket = Il n’y a pas de ticket « { $text } » pour vous.
merge-itself = C’est le ticket lui-même : indiquez-en un autre.
merge-two = Cochez au moins deux tickets pour les fusionner.
draft-beside = Une autre fenêtre a envoyé ce formulaire. Ce que vous écrivez ici est gardé comme nouveau.
said-sent = Envoyé.
said-taken-back = Repris. Votre texte est plus bas.
said-undone = Annulé.
said-too-late = Il est trop tard pour annuler.
said-nothing-ticked = Cochez d’abord un ticket.
said-saved = Enregistré.
said-moved = Ce ticket-là a été fusionné avec celui-ci entre-temps. Ce que vous avez écrit est ci-dessous : envoyez-le ici.
button-take = Prendre
button-assign = Attribuer
button-close = Fermer
button-status = Changer l’état
button-move = Déplacer
button-tag = Étiqueter
button-spam = Spam
button-not-spam = Pas du spam
button-merge = Fusionner
pictures-blocked = { $n } images externes bloquées.
show-pictures = Afficher les images
priority = Priorité
snooze = Reporter
until = Jusqu’à
until-hours = dans 3 heures
until-tomorrow = demain à 8 h
until-week = dans une semaine à 8 h
until-at = à une heure
until-time = Heure
put-off = Reporter
mark-unread = Marquer non lu
merge-with = Fusionner avec
rename = Renommer
customer-address = Adresse du client
give-to-customer = Donner à ce client
is-spam = Ce ticket a été déclaré spam.
is-snoozed = Reporté jusqu’à { $until }.
wake = Reprendre maintenant
is-merged = Ce ticket a été fusionné avec
untag = Retirer l’étiquette { $name }
search-title = Recherche : { $text }
about-aside = Courriers qui attendent quelqu’un.
empty-aside = Aucun courrier n’attend ici.
empty-aside-text = Le courrier que le service ne sait pas placer est gardé ici, jamais perdu.
select-mail = Sélectionner le courrier { $id }
let-in = Laisser entrer
drop = Abandonner
why-unreadable = Il n’a pas pu être lu comme un courrier.
why-no-from = Il n’indique pas d’expéditeur utilisable.
why-from-us = Il prétend venir d’une de nos adresses.
why-too-many = Son expéditeur a écrit trop de courriers en une heure.
why-unknown-recipient = Il allait à une adresse qui n’est pas la nôtre.
why-no-department = Son adresse n’a pas de service.
why-staff-unproven = Il dit venir de l’équipe, sans preuve.
why-staff-without-token = Réponse de l’équipe sans la marque de son courrier.
why-stranger-held = Un inconnu nomme un de nos tickets.
about-outbox = Ce qui part : en attente, échoué, envoyé.
empty-outbox = Aucun courrier n’est encore parti.
empty-outbox-text = Réponses et avis apparaissent ici, avec ce qu’ils sont devenus.
tries = { $n } essais
try-again = Réessayer
profile = Profil
language-auto = Comme le navigateur
time-zone = Fuseau horaire
no-zone = « { $text } » n’est pas un fuseau ; écrivez-le comme Europe/Paris.
colours = Couleurs
scheme-auto = Comme le système
scheme-light = Clair
scheme-dark = Sombre
after-sending = Après l’envoi
after-stay = Rester dans le ticket
after-next = Ouvrir le ticket suivant
after-list = Aller à la liste
signature = Signature
single-keys = Les touches seules agissent
signed-in-at = Connecté sur
this-browser = ce navigateur
end-session = Terminer
current-password = Mot de passe actuel
change-password = Changer le mot de passe
password-short = Un mot de passe a au moins 8 caractères.
password-unusable = Ce mot de passe ne convient pas.
wrong-own-password = Le mot de passe actuel est faux.
second-factor = Second facteur
no-second-factor = Le mot de passe suffit pour se connecter.
set-up-second-factor = Configurer
second-factor-text = Saisissez cette clé dans votre application d’authentification, puis le code affiché.
second-factor-link = Ouvrir dans l’application
turn-on = Activer
turn-off = Désactiver
recovery-codes = Codes de secours
recovery-codes-text = Chacun remplace le code une fois. Gardez-les loin du téléphone ; ils ne seront plus affichés.
recovery-codes-left = Il reste { $n } codes de secours.
here-reading = { $name } est ici
here-writing = { $name } écrit
set-up = Configuration
keys = Touches
keys-rows = ligne suivante et précédente
keys-open = ouvrir
keys-tick = cocher, cocher jusqu’ici
keys-take = prendre, attribuer
keys-status = état, service
keys-write = réponse, note
keys-formatted = courrier mis en forme, texte cité
keys-search = rechercher ; dans un texte vide : réponses types
keys-aside = non lu, reporter, spam
keys-pages = page précédente et suivante
keys-lists = Non attribués, Les miens, En attente, En retard
event-rated = avis du client : { $detail }
event-let-in = le courriel { $detail } avait été mis de côté et a été admis
way-into = dans { $ticket }
way-from = de { $ticket }
way-of = de { $ticket }
done-take =
    { $n ->
        [one] 1 ticket pris.
       *[other] { $n } tickets pris.
    }
done-assign =
    { $n ->
        [one] 1 ticket attribué.
       *[other] { $n } tickets attribués.
    }
done-close =
    { $n ->
        [one] 1 ticket fermé.
       *[other] { $n } tickets fermés.
    }
done-status =
    { $n ->
        [one] État modifié : 1 ticket.
       *[other] État modifié : { $n } tickets.
    }
done-move =
    { $n ->
        [one] 1 ticket déplacé.
       *[other] { $n } tickets déplacés.
    }
done-tag =
    { $n ->
        [one] Étiquette ajoutée : 1 ticket.
       *[other] Étiquette ajoutée : { $n } tickets.
    }
done-spam =
    { $n ->
        [one] Déclaré spam : 1 ticket.
       *[other] Déclaré spam : { $n } tickets.
    }
done-not-spam =
    { $n ->
        [one] Pas du spam : 1 ticket.
       *[other] Pas du spam : { $n } tickets.
    }
done-snooze =
    { $n ->
        [one] 1 ticket reporté.
       *[other] { $n } tickets reportés.
    }
done-wake =
    { $n ->
        [one] 1 ticket repris.
       *[other] { $n } tickets repris.
    }
done-priority =
    { $n ->
        [one] Priorité modifiée : 1 ticket.
       *[other] Priorité modifiée : { $n } tickets.
    }
done-merge =
    { $n ->
        [one] 1 ticket fusionné.
       *[other] { $n } tickets fusionnés.
    }
said-view-removed = La recherche a été retirée.
said-dropped =
    { $n ->
        [one] 1 courrier abandonné.
       *[other] { $n } courriers abandonnés.
    }
said-let-in =
    { $n ->
        [one] 1 courrier accepté.
       *[other] { $n } courriers acceptés.
    }
said-stays =
    { $n ->
        [one] 1 courrier ne peut pas entrer : expéditeur ou service manquant.
       *[other] { $n } courriers ne peuvent pas entrer : expéditeur ou service manquant.
    }
were-gone =
    { $n ->
        [one] 1 n’était plus là.
       *[other] { $n } n’étaient plus là.
    }
drop-mails =
    { $n ->
        [one] Abandonner 1 courrier ? Il reste enregistré.
       *[other] Abandonner { $n } courriers ? Ils restent enregistrés.
    }
sure =
    { $n ->
        [one] { $act } : 1 ticket ?
       *[other] { $act } : { $n } tickets ?
    }
merge-into =
    { $n ->
        [one] Fusionner 1 ticket ?
       *[other] Fusionner { $n } tickets dans #{ $id } ?
    }
view-name = Nom de cette recherche
save-view = Enregistrer la recherche
for-everybody = pour tous
add = Ajouter
edit = Modifier
remove = Supprimer
keep = Conserver
test = Tester
yes = Oui
no = Non
send-again = Renvoyer
setup-general = Paramètres
setup-departments = Services
setup-addresses = Adresses e-mail
setup-agents = Équipe
setup-templates = Modèles d’e-mail
setup-canned = Réponses types
setup-fields = Champs personnalisés
setup-priorities = Priorités
setup-tags = Étiquettes
setup-views = Vues pour tous
setup-tokens = Jetons d’API
setup-webhooks = Webhooks
setup-bans = Blocages
setup-audit = Journal
setup-health = État
setup-empty = Il n’y a encore rien ici.
setup-deeds = Ce qui peut être fait
setup-wrong = Rien n’a été enregistré : voyez ce qui est marqué ci-dessous.
setup-done-saved = Enregistré.
setup-done-removed = Supprimé.
setup-done-sent = Renvoi en cours.
setup-new-department = Nouveau service
setup-new-address = Nouvelle adresse
setup-new-agent = Nouveau membre
setup-new-token = Nouveau jeton
setup-new-canned = Nouvelle réponse type
setup-new-field = Nouveau champ
setup-new-priority = Nouvelle priorité
setup-new-tag = Nouvelle étiquette
setup-new-view = Nouvelle vue
setup-new-ban = Nouveau blocage
setup-new-webhook = Nouveau webhook
f-name = Nom
f-private = Privé
f-tickets = Tickets
f-query = Recherche
f-color = Couleur
f-ban = Adresse ou domaine
f-since = Depuis
f-title = Titre
f-text = Texte
f-position = Position
f-kind = Type
f-options = Options
f-required = Obligatoire
f-departments = Services
f-permissions = Permissions
f-everything = Tout
f-ips = Adresses IP
f-active = Actif
f-last-used = Dernière utilisation
f-email = E-mail
f-role = Rôle
f-second-factor = Second facteur
f-last-sign-in = Dernière connexion
f-sees-all = Voit tous les services
f-sets-up = Peut configurer
f-notices = Reçoit les avis par e-mail
f-subject = Objet
f-sent = Est envoyé
f-texts = Textes
f-preview-ticket = Ticket pour l’aperçu
f-number = N°
f-when = Quand
f-who = Qui
f-ticket = Ticket
f-what = Quoi
f-door = Comment
f-state = État
f-found = Constat
f-fix = Que faire
f-url = URL
f-events = Événements
f-tries = Essais
f-answer = Réponse
f-incoming = Réception
f-outgoing = Envoi
f-default = Par défaut
f-last-fetch = Dernière relève
f-imap = Boîte (IMAP)
f-imap-host = Serveur IMAP
f-imap-port = Port IMAP
f-imap-tls = Sécurité IMAP
f-imap-user = Utilisateur IMAP
f-imap-password = Mot de passe IMAP
f-imap-folders = Dossiers IMAP
f-imap-after = Après la relève
f-smtp = Serveur de messagerie (SMTP)
f-smtp-host = Serveur SMTP
f-smtp-port = Port SMTP
f-smtp-tls = Sécurité SMTP
f-smtp-user = Utilisateur SMTP
f-smtp-password = Mot de passe SMTP
f-site-name = Nom du service
h-private = N’est pas proposé aux clients.
h-color = Une couleur comme #rrggbb.
h-ban = ann@example.org, ou example.org et tout ce qui en dépend.
h-canned = Texte simple ; HTML s’il commence par <.
h-options = Une par ligne, pour les choix et les cases.
h-field-departments = Aucun coché : pour tous.
h-ips = Exacte, 10.0.*.*, 10.0.0.0/8 ou IPv6, séparées par des virgules ; vide : de partout.
h-role = Les administrateurs voient et configurent tout.
h-password-new = Au moins 6 caractères.
h-password = Vide : reste inchangé.
h-template = Texte simple ; HTML s’il commence par <. Les mots comme %ticket_id% sont remplacés.
h-preview = Numéro d’un ticket ; vide : le plus récent.
h-url = https://hôte/chemin. Adresses privées seulement avec le paramètre webhook_private.
h-webhook-on = L’activer met aussi fin à une pause et envoie ce qui attend.
h-from = Affiché comme expéditeur.
h-default = Le courrier aux adresses inconnues va à son service.
h-imap = Seulement si le courrier vient d’une boîte.
h-smtp = Seulement si le courrier part par un serveur SMTP.
h-mailbox-password = Gardé dans un fichier à côté de la base, lisible par son seul compte.
h-mailbox-password-kept = Est gardé ; vide : reste inchangé.
h-imap-folders = Un par ligne.
h-imap-after = seen, move:DOSSIER ou delete.
h-lines = Copiez ce qui convient à votre serveur.
h-aliases = Le programme doit tourner en tant que { $account }.
h-cpanel = Redirections › Ajouter › Vers un programme.
about-views = Une vue est une recherche gardée, affichée à côté des listes de tous.
about-bans = Le courrier de ces expéditeurs est écarté.
about-general = Chacun vaut dès le prochain courrier ou la prochaine requête. Entre parenthèses, la valeur d’origine.
about-audit = Chaque changement, le plus récent d’abord.
about-health = Ce que dit maintenant maildesk admin doctor.
about-webhooks = Vos programmes, informés de ce qui arrive aux tickets.
health-elsewhere = Ici seulement en ligne de commande : maildesk admin.
wrong-line = Une ligne de 1 à { $max } caractères.
wrong-long = { $max } caractères au plus.
wrong-email = Ce n’est pas une adresse e-mail.
wrong-port = Un port est un nombre de 1 à 65535.
wrong-choice = Choisissez parmi les valeurs proposées.
wrong-taken = Déjà utilisé.
for-those-who-see-all = Réservé à ceux qui voient tous les services.
wrong-empty = C’est nécessaire.
wrong-ticket = Ce ticket n’existe pas.
wrong-username = Lettres, chiffres, - et _ seulement.
wrong-password-length = Au moins { $min } caractères, un kilo-octet au plus.
wrong-password-again = Autre serveur : retapez le mot de passe.
last-admin = C’est le dernier administrateur actif : créez-en d’abord un autre.
last-department = C’est le dernier service, et les tickets en ont besoin.
messages-stay = Ce qu’il a écrit reste ; ses tickets ne sont plus à personne.
remove-department = Supprimer le service { $name } ?
remove-address = Supprimer l’adresse { $name } ?
remove-agent = Supprimer { $name } ?
remove-token = Supprimer le jeton { $name } ?
remove-template = Supprimer les textes modifiés de { $name } ?
remove-canned = Supprimer la réponse type { $name } ?
remove-field = Supprimer le champ { $name } ?
remove-priority = Supprimer la priorité { $name } ?
remove-tag = Supprimer l’étiquette { $name } ?
remove-view = Supprimer la vue { $name } ?
remove-ban = Supprimer le blocage de { $name } ?
remove-webhook = Supprimer le webhook { $name } ?
addresses-move = Ces adresses passent à { $name } :
address-goes = Son courrier ne fera plus de tickets.
default-address-goes = C’est l’adresse par défaut : il n’y en aura plus.
token-ends = Les programmes qui l’utilisent sont refusés aussitôt.
token-once = Voici le jeton. Il ne sera plus montré :
totp-on = Activer un second facteur
totp-off = Désactiver le second facteur
totp-once = À saisir dans l’application du membre. Ne sera plus montré :
field-values-stay = Ce que les tickets contiennent reste.
tickets-lose-priority = Les tickets qui l’ont n’en montrent plus.
ban-lifted = Leur courrier est de nouveau accepté.
texts-edited = modifiés
texts-shipped = d’origine
role-admin = Administrateur
role-agent = Agent
incoming-none = Aucune
incoming-pipe = Du serveur de messagerie (pipe)
incoming-imap = D’une boîte (IMAP)
outgoing-none = Aucun
outgoing-smtp = Serveur SMTP
outgoing-sendmail = sendmail
outgoing-file = Fichiers
tls-implicit = TLS
tls-starttls = STARTTLS
tls-none = Aucune
field-kind-text = Texte
field-kind-textarea = Plusieurs lignes
field-kind-password = Mot de passe
field-kind-checkbox = Cases
field-kind-radio = Un parmi plusieurs
field-kind-select = Liste
field-kind-date = Date
fetch-fine = réussie
test-in-fine = Réception : connecté. Dossiers : { $folders }
test-in-failed = Réception : { $why }
test-in-pipe = Réception : le serveur remet le courrier ; envoyez-en un pour essayer.
test-in-none = Réception : aucune.
test-out-fine = Envoi : le serveur accepte le courrier.
test-out-failed = Envoi : { $why }
test-out-none = Envoi : aucun.
webhook-active = actif
webhook-inactive = inactif
webhook-paused = en pause : tout a échoué pendant un jour
webhook-failing = en échec
webhook-on = Activé
webhook-log = Journal
webhook-log-of = Livraisons de { $name }
webhook-new-key = Nouvelle clé
webhook-key-once = Voici la clé des signatures, pour le récepteur. Elle ne sera plus montrée :
webhook-took = Le récepteur l’a accepté : { $status }
delivery-pending = en attente
set-up-added = ajouté : { $detail }
set-up-changed = modifié : { $detail }
set-up-removed = supprimé : { $detail }
first-title = Votre nouveau service
first-about = Créez le premier compte. Il voit et configure tout.
first-over = Ce lien a servi, ou son heure est passée. maildesk admin init en imprime un autre tant qu’il n’y a pas d’équipe.
template-new_ticket = Au client : le ticket est ouvert.
template-autoresponse = Au client : sa réponse est arrivée.
template-staff_reply = Au client : l’équipe a répondu.
template-staff_ticketnotification = À l’équipe : un client a écrit.
template-staff_assigned = À l’équipe : un ticket leur revient.
template-staff_mentioned = À l’équipe : une note les mentionne.
template-new_user = À un nouveau client : confirmer l’adresse.
removes-tickets =
    { $n ->
        [one] Son ticket disparaît aussi, avec son contenu.
       *[other] Ses { $n } tickets disparaissent aussi, avec leur contenu.
    }
tickets-lose-tag =
    { $n ->
        [one] Un ticket la perd.
       *[other] { $n } tickets la perdent.
    }
deliveries-lost =
    { $n ->
        [one] Son journal disparaît, et une livraison en attente.
       *[other] Son journal disparaît, et { $n } livraisons en attente.
    }
fetch-failed =
    { $n ->
        [one] a échoué une fois :
       *[other] a échoué { $n } fois :
    }
fetch-left =
    { $n ->
        [one] reste un courrier
       *[other] restent { $n } courriers
    }
template-lost_password = Au client qui le demande : le lien de connexion.
template-satisfaction = Au client après la clôture : était-ce bien ?

setup-schedules = Horaires
setup-customers = Clients
setup-figures = Chiffres
setup-new-schedule = Nouvel horaire
setup-new-customer = Nouveau client
f-hours = Heures
f-zone = Fuseau horaire
f-staff = Personnel
f-on-duty = En service maintenant
f-schedule = Horaire
f-verified = Confirmée
f-blocked = Bloqué
f-merge-into = Fusionner avec
about-schedules = Qui a un horaire n’est averti par courriel que pendant son service, sauf si personne du service n’est présent.
about-customers = Les cent plus récents ; la recherche trouve les autres.
about-figures = Ce qui est arrivé et comment on y a répondu.
h-hours = Par exemple Mon-Fri 9:00-17:00 ; plusieurs avec des virgules.
h-zone = Par exemple Europe/Paris ou UTC.
h-schedule = Quand cette personne est avertie par courriel.
h-blocked = Ne peut pas se connecter.
h-merge-into = L’adresse du client qui reçoit tout.
wrong-customer = Il n’y a pas d’autre client avec cette adresse.
remove-schedule = Retirer l’horaire { $name } ?
schedule-goes = Membres qui sont alors toujours en service : { $n }.
remove-customer = Retirer le client { $name } ?
merge-customer = Fusionner
merge-asks = Ce client disparaît et l’autre reçoit ces tickets : { $n }. On ne peut pas revenir en arrière.
invite = Envoyer un lien qui confirme l’adresse
invited = Un lien pour { $email } est dans la boîte d’envoi.
invite-failed = Rien n’a été envoyé : le modèle new_user est coupé, aucune adresse n’envoie, ou le courriel vers elle revient toujours.
always-on-duty = Toujours en service
new-codes = Nouveaux codes de secours
codes-once = Codes de secours, chacun remplace une fois le code de l’application. Ils ne sont plus montrés ensuite :
codes-left = Codes de secours restants : { $n }.
fetch-never = pas encore relevée
verdict-good = Bien traité
verdict-bad = Pas bien traité
verdict-of = Ce que dit le client de #{ $ticket }
n-figure = Chiffre
n-tickets = Tickets
n-messages = Messages
n-opened = Ouverts ces { $days } derniers jours
n-answered-half = La moitié a eu la première réponse en
n-answered-most = Neuf sur dix ont eu la première réponse en
n-hours = { $hours } h
n-asked = Clients interrogés ces { $days } derniers jours
n-good = dont contents ({ $days } jours)
n-bad = dont mécontents ({ $days } jours)
find = Chercher
about-agents = Deux rôles : les administrateurs voient et configurent tout ; les agents voient leurs services, et plus là où c’est coché.
wrong-tag = Une étiquette a de 1 à { $max } caractères, sans , : # ni guillemets.

# Signatures, fields, bans, parting
add-signature = Signer avec ceci
fields = Champs
save-fields = Enregistrer les champs
spam-ban = Spam, et bannir l’expéditeur
ban-sure = Déclarer ce ticket comme spam et écarter tout courrier à venir de { $email } ?
part = Séparer à nouveau
take-tag = Retirer l’étiquette
said-needs-totp = Configurez d’abord un second facteur : ce service l’exige de tous.
button-untag = Retirer l’étiquette
done-untag =
    { $n ->
        [one] Étiquette retirée : 1 ticket.
       *[other] Étiquette retirée : { $n } tickets.
    }
done-spam-ban = Déclaré spam ; les courriers de son expéditeur sont désormais écartés.
done-part = Séparé à nouveau.

setup-mails = Mails reçus
setup-backups = Sauvegardes
setup-check = Vérification
setup-import = Import
setup-done-started = C’est commencé.
setup-done-running = C’est déjà en cours.
setup-done-uploaded = Les fichiers sont arrivés.
set-up-started = lancé : { $detail }
set-up-handed-out = remis : { $detail }
set-up-dropped = abandonné : { $detail }
set-up-let-in = admis : { $detail }
errand = Dernière exécution
errand-running = en cours depuis { $time }
errand-done = terminé, { $time }
errand-failed = échec, { $time }
errand-cut-off = commencé { $time } et interrompu, car le serveur s’est arrêté. Relancez-le ; rien n’est fait à moitié.
look-again = Actualiser
f-file = Fichier
f-size = Taille
f-mail-from = De
f-mail-to = À
f-became = Ce qu’il est devenu
f-received-since = Reçus depuis
f-files-to-import = Fichiers
f-archive-address = Envoyés à
f-imap-auth = Connexion IMAP
imap-auth-password = Mot de passe
imap-auth-xoauth2 = OAuth 2 (XOAUTH2)
h-imap-auth = OAuth 2 pour Google et Microsoft : indiquez le point d’accès des jetons du fournisseur, le client et un jeton d’actualisation.
about-mails = Chaque mail arrivé, les plus récents d’abord, et ce qu’il est devenu.
about-backups = Une sauvegarde, c’est tout le service dans un fichier : chaque ticket, et ce qui sert à vérifier comptes et jetons. Gardez-la comme le service lui-même. Elles sont dans { $folder } ; faites-les porter sur une autre machine.
about-check = Parcourt toute la base : sa structure, les références, les fichiers, les nombres tenus et la recherche. Personne n’a à attendre.
about-import = De HelpDeskZ : l’export de sa base (.sql) et ses pièces jointes. D’une boîte : une archive de mails (.mbox). Envoyez les fichiers ici, ou placez-les dans { $folder } et les pièces jointes dans son dossier attachments. Un import peut être répété : ce qui est là reste tel quel.
about-import-dump = Pièces jointes présentes : { $n }. « Regarder seulement » importe dans une copie qui disparaît ensuite et dit ce qui se passerait.
about-import-archive = Chaque mail devient un ticket ou une partie d’un ticket, à sa propre date. Personne ne reçoit de mail.
about-read-again = Les mails dont les octets sont encore gardés sont relus selon les règles d’aujourd’hui : leurs textes peuvent changer, et personne n’est averti.
h-upload = Plusieurs à la fois, jusqu’à environ 30 Mo en tout. Les plus gros vont dans le dossier autrement, par exemple avec scp.
h-restore = Le service ne doit pas tourner pendant ce temps : cela se fait donc en ligne de commande. Ce qui a été écrit depuis la sauvegarde est perdu.
h-repair = Une réparation fait attendre le courrier et les pages : elle se fait donc en ligne de commande. Ce qui ne se répare pas vient d’une sauvegarde.
h-import-command = La même chose avec des fichiers ailleurs sur la machine, et avec des dossiers de mails (Maildir).
h-decide-again = Selon les règles et réglages d’aujourd’hui. Rien n’a été modifié.
h-move-database = Vers une autre base, par exemple d’un fichier à PostgreSQL. Le service ne doit pas tourner pendant ce temps : cela se fait donc en ligne de commande.
move-database = Déplacer le service
at-the-command-line = En ligne de commande
back-up-now = Sauvegarder maintenant
check-now = Vérifier maintenant
download = Télécharger
restore = Restaurer
repair = Réparer
upload = Envoyer
import = Importer
only-look = Regarder seulement
show = Afficher
read-again = Relire
decide-again = Ce qui se passerait maintenant
how-it-was-read = Comment il a été lu
download-mail = Télécharger le mail
open-ticket = Ouvrir #{ $ticket }
let-in-or-drop = Admettre ou écarter
mail-number = Mail { $n }
mail-state-all = Tous
mail-state-stored = Enregistrés
mail-state-quarantined = Mis de côté
mail-state-dropped = Écartés
filters = Parties de la liste
address-by-mail = Ce que dit chaque mail
remove-backup = Supprimer la sauvegarde { $name } ?
remove-import = Supprimer le fichier { $name } ?
imported-stays = Ce qui en a été importé reste.
wrong-day = Il faut un jour, comme 2026-02-28.

f-oauth-url = Point d’accès des jetons
f-oauth-client = Id. client
f-oauth-secret = Secret client
f-oauth-refresh = Jeton d’actualisation
f-oauth-scope = Portée (scope)
whole-text = Tout ce long texte
h-signature = Placée sous les réponses qui partent par cette adresse, après la signature de la personne qui écrit (chacun la règle dans son profil) ; Markdown simple. %staff_name% est la personne qui écrit, %company_name% le nom du service. On peut omettre les deux. Vide : seulement la signature personnelle.
signature-hint = La signature de l’adresse par laquelle part une réponse suit la vôtre.
saved-searches = Recherches enregistrées

## Settings

setting-site_name = Nom du service
setting-site_name-text = nom du service, dans les courriels
setting-site_url = Adresse des pages
setting-site_url-text = adresse publique du service, pour les liens des courriels
setting-tickets_page = Tickets par page (API)
setting-tickets_page-text = tickets par page de l’API
setting-tickets_replies = Messages par page (API)
setting-tickets_replies-text = messages par page de l’API
setting-reply_order = Ordre des messages (API)
setting-reply_order-text = ordre des messages par date dans l’API
setting-ticket_attachment = Envoi de fichiers
setting-ticket_attachment-text = fichiers par l’API et les pages des clients
setting-ticket_attachment_number = Fichiers par envoi
setting-ticket_attachment_number-text = fichiers par requête
setting-ticket_file_size = Mo par fichier
setting-ticket_file_size-text = Mo par fichier envoyé
setting-ticket_file_type = Types de fichiers
setting-ticket_file_type-text = extensions permises des fichiers envoyés, séparées par des virgules
setting-mail_attachment_number = Pièces jointes par courriel
setting-mail_attachment_number-text = pièces jointes conservées d’un courriel
setting-mail_attachment_size = Mo par pièce jointe
setting-mail_attachment_size-text = Mo par pièce jointe d’un courriel
setting-mail_attachment_block = Pièces jointes écartées
setting-mail_attachment_block-text = extensions des pièces jointes laissées de côté et nommées dans une note
setting-login_attempt = Mots de passe erronés
setting-login_attempt-text = mots de passe erronés avant le blocage de l’adresse d’où ils viennent ; ceux de l’équipe (staff/auth compris) et ceux des clients sont comptés à part ; 0 = jamais (un compte est toujours bloqué au-delà de 20 échecs par heure)
setting-login_attempt_minutes = Minutes de blocage
setting-login_attempt_minutes-text = minutes que dure ce blocage ; 0 = pas de blocage
setting-overdue_time = En retard après des heures
setting-overdue_time-text = heures après lesquelles un ticket sans réponse est en retard ; 0 = jamais
setting-ticket_autoclose = Fermé après des heures
setting-ticket_autoclose-text = heures après lesquelles un ticket répondu est fermé ; 0 = jamais
setting-maintenance = Maintenance
setting-maintenance-text = gardé pour HelpDeskZ ; l’API n’en tient pas compte, comme là-bas
setting-date_format = Format des dates
setting-date_format-text = gardé pour HelpDeskZ : comment ses pages écrivaient les dates
setting-timezone = Fuseau horaire
setting-timezone-text = fuseau des pages pour ceux qui n’en ont pas choisi
setting-unknown_recipient = Destinataire inconnu
setting-unknown_recipient-text = courriel à une adresse que nous ne connaissons pas : au service de l’adresse par défaut, mis de côté ou refusé avec 5.1.1
setting-stranger_reply = Courriel d’un inconnu
setting-stranger_reply-text = courriel d’un inconnu qui nomme un ticket : un nouveau ticket lié, mis de côté pour examen ou dans le ticket
setting-refuse_banned = Refuser les expéditeurs bannis
setting-refuse_banned-text = pipe refuse avec 5.7.1 les courriels d’expéditeurs bannis au lieu de noter leur abandon
setting-refuse_oversize = Refuser les courriels trop gros
setting-refuse_oversize-text = pipe refuse avec 5.7.1 les courriels au-delà de la limite au lieu de garder leur en-tête
setting-reopen_days = Rouvert dans les jours
setting-reopen_days-text = jours après la fermeture pendant lesquels une réponse rouvre ; les suivantes ouvrent un nouveau ticket lié ; 0 = ne jamais rouvrir
setting-mails_per_hour = Courriels par expéditeur et par heure
setting-mails_per_hour-text = courriels par expéditeur et par heure avant d’être mis de côté ; 0 = sans limite
setting-auto_answers_per_hour = Courriels automatiques par heure
setting-auto_answers_per_hour-text = courriels automatiques par destinataire et par heure
setting-reply_address_token = Jeton dans l’adresse de réponse
setting-reply_address_token-text = Reply-To est une adresse avec + et le jeton du ticket ; le serveur de courriel doit les accepter
setting-subject_tag = Numéro dans les objets
setting-subject_tag-text = {"["}#12] dans les objets qui partent
setting-authserv_id = Serveur de confiance
setting-authserv_id-text = à qui l’on croit pour Authentication-Results : le nom qu’écrit notre propre serveur de courriel
setting-feeding_lists = Listes qui alimentent le service
setting-feeding_lists-text = adresses de listes de diffusion qui alimentent le service, séparées par des virgules : ce qu’elles apportent compte comme courriel d’une personne, sans accusé de réception
setting-forward_to_sender = Le courriel transféré est à son expéditeur
setting-forward_to_sender-text = un courriel de client transféré par l’équipe appartient à son expéditeur d’origine
setting-staff_mail_commands = Commandes dans les courriels de l’équipe
setting-staff_mail_commands-text = #close et semblables en tête des courriels de l’équipe
setting-raw_keep_days = Jours de garde du courriel brut
setting-raw_keep_days-text = jours pendant lesquels le courriel brut est gardé ; 0 = toujours
setting-api_error_status = Statut des erreurs de l’API
setting-api_error_status-text = statut HTTP des erreurs de l’API : celui de HelpDeskZ, ou 401, 403, 404, 422
setting-faveo_api_key = api_key de Faveo
setting-faveo_api_key-text = api_key que doit porter l’appel register de Faveo ; vide = aucune
setting-faveo_answer = Réponse au register de Faveo
setting-faveo_answer-text = réponse à l’appel register de Faveo : un objet, comme l’imprime son document, ou cet objet dans un tableau, comme le lisent ses applications publiées
setting-metrics_open = Métriques ouvertes
setting-metrics_open-text = /metrics répond sans jeton
setting-imap_watch = Surveiller les boîtes
setting-imap_watch-text = serve surveille lui-même les boîtes IMAP
setting-web = Pages pour les personnes
setting-web-text = serve a des pages pour les personnes ; sinon, l’API seule
setting-web_page = Tickets par page
setting-web_page-text = tickets par page des listes
setting-web_insecure = Connexion sans TLS
setting-web_insecure-text = on peut se connecter sans TLS depuis d’autres machines aussi
setting-web_signins = Essais de connexion
setting-web_signins-text = essais de connexion sur les pages, par adresse en 10 minutes
setting-web_submits = Tickets par adresse
setting-web_submits-text = tickets envoyés sur les pages, par adresse et par heure
setting-web_links = Liens par adresse
setting-web_links-text = liens que les clients se font envoyer, par adresse et par heure
setting-ticket_link_days = Jours d’ouverture du lien
setting-ticket_link_days-text = jours pendant lesquels le lien d’un courriel à un client ouvre son ticket
setting-satisfaction = Demander un avis
setting-satisfaction-text = on demande aux clients, une fois leur ticket fermé, comment il a été traité
setting-spam_keep_days = Jours de garde du spam
setting-spam_keep_days-text = jours après lesquels un ticket dit spam est retiré ; 0 = jamais
setting-undo_send_s = Secondes pour annuler
setting-undo_send_s-text = secondes pendant lesquelles une réponse écrite dans le navigateur peut être reprise ; 0 = pas du tout
setting-require_totp = Exiger un second facteur
setting-require_totp-text = l’équipe sans second facteur est menée à en configurer un à la connexion
setting-webhook_private = Webhooks vers des adresses privées
setting-webhook_private-text = les webhooks peuvent aussi aller à des adresses privées, comme celles de cette machine et de son réseau
setting-cors_origins = Origines pour navigateurs
setting-cors_origins-text = origines depuis lesquelles les navigateurs peuvent appeler l’API, séparées par des virgules
choice-reply_order-asc = les plus anciens d’abord
choice-reply_order-desc = les plus récents d’abord
choice-unknown_recipient-default = à l’adresse par défaut
choice-unknown_recipient-quarantine = mettre de côté
choice-unknown_recipient-reject = refuser
choice-stranger_reply-new = un nouveau ticket
choice-stranger_reply-hold = mettre de côté
choice-stranger_reply-append = dans le ticket
choice-api_error_status-compat = comme HelpDeskZ
choice-api_error_status-http = 401, 403, 404, 422
choice-faveo_answer-object = un objet
choice-faveo_answer-array = un tableau d’un seul
wrong-number = Un nombre entier de { $min } à { $max }.
wrong-decimal = Un nombre supérieur à 0, au plus { $max }.
wrong-extensions = Des extensions comme jpg,png,gif.
wrong-url = Une adresse http:// ou https://.
wrong-mail-server = Un nom sans espaces, tel que l’écrit notre serveur de courriel : mx.example.org.
wrong-origins = Des origines comme https://shop.example.org, sans chemin, séparées par des virgules.
wrong-addresses = Des adresses e-mail, séparées par des virgules.
health-ok = OK
health-warn = Avertissement
health-fail = Défaut

## Events, as webhooks ask for them

kind-opened = ouvert
kind-replied = le client a écrit
kind-answered = répondu
kind-noted = note
kind-status = statut
kind-assigned = attribué
kind-moved = déplacé
kind-requester = autre client
kind-reply-to = adresse de réponse
kind-participant = nouveau participant
kind-also-to = autre adresse du service
kind-linked = lié
kind-merged = fusionné
kind-attachment-removed = pièce jointe retirée
kind-bounced = courriel revenu
kind-undelivered = courriel non remis
kind-reread = relu
kind-snoozed = reporté
kind-woken = de retour
kind-spam = dit spam
kind-not-spam = pas du spam
kind-tagged = étiquette posée
kind-untagged = étiquette ôtée
kind-priority = priorité
kind-field = champ
kind-taken-back = repris
kind-parted = séparé
kind-split = divisé
kind-mentioned = mentionné
kind-retried = courriel retenté
kind-dropped = courriel abandonné
kind-participant-left = participant parti
kind-subject = objet
kind-rated = avis
kind-let-in = courriel admis
kind-removed = retiré
