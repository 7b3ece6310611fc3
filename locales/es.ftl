# Texts of the pages. Every catalogue has the same messages; a test finds a missing or surplus one.
new-password = Contraseña nueva
language = Idioma
save = Guardar
subject = Asunto
articles = Artículos
kb-new-article = Artículo nuevo
kb-new-category = Categoría nueva
kb-staff-only = solo personal
kb-public = Todos pueden leerlo
kb-as-public = Como lo ven todos
kb-views = leído { $n } veces
kb-none = (ninguna)
kb-inside = Dentro de
kb-back = Volver a los artículos
kb-removed = Eliminado.
kb-remove-article = El artículo y sus archivos se perderán para siempre.
kb-remove-category = La categoría se perderá para siempre.
kb-category-full = Contiene artículos o categorías. Muévalos o elimínelos antes.
kb-link-to = Artículo: { $title }
title = Título
category = Categoría
text = Texto
format = Formato
position = Posición
name = Nombre
title-wrong = Hace falta un nombre de 200 letras como máximo.
submit-ticket = Enviar un tique
my-tickets = Mis tiques
my-account = Mi cuenta
kb-home = ¿En qué podemos ayudar?
kb-search = Buscar artículos
kb-search-hint = ¿De qué se trata?
kb-more =
    { $n ->
        [one] 1 artículo más
       *[other] { $n } artículos más
    }
kb-other = Otros artículos
kb-popular = Los más leídos
kb-way = Dónde está esto
kb-nothing-found = No se encontró nada.
kb-empty = Aquí todavía no hay artículos.
kb-ask-us = ¿No es lo que necesita? Pregúntenos.
kb-suggested = Quizá esto lo responda:
your-name = Su nombre
your-email = Su correo electrónico
leave-empty = Deje esto vacío
no-departments = Aquí no se puede enviar nada. Escríbanos un correo.
form-stale = Esta página llevaba mucho tiempo abierta. Pulse el botón otra vez.
form-hasty = Ha sido muy rápido. Revíselo y pulse Enviar otra vez.
email-wrong = Esto no es una dirección de correo.
subject-wrong = Hace falta un asunto de 255 letras como máximo.
message-missing = Escriba de qué se trata.
department-wrong = Elija un departamento.
address-refused = No se acepta nada de esta dirección.
field-missing = Hace falta { $name }.
field-wrong = { $name } no está bien rellenado.
too-many-tickets = Han llegado muchos tiques de su dirección. Espere un rato o escríbanos un correo.
too-many-links = Se han pedido muchos enlaces desde su dirección. Espere un rato.
sent-title = Tenemos su mensaje
sent-ticket = Es el tique #{ $id }.
sent-mail = Respondemos por correo. El enlace de nuestro correo abre el tique aquí.
send-link = Envíenme un enlace
send-link-hint = El enlace del correo inicia su sesión. Quien tenga contraseña puede usarla en su lugar:
link-sent = Si conocemos esta dirección, un correo con un enlace está en camino. El enlace vale media hora.
link-needs-url = Desde aquí no se pueden enviar enlaces, porque la dirección propia (site_url) no está configurada.
wrong-email-or-password = Correo o contraseña no válidos.
enter-text = Pulse el botón para ver sus tiques.
no-link = Este enlace no funciona
no-link-text = Ya se usó, es demasiado antiguo o no se copió entero.
ask-for-link = Pedir un enlace nuevo
no-tickets = No tiene tiques.
waits-open = A la espera de nosotros
waits-awaiting-reply = A la espera de nosotros
waits-in-progress = En curso
waits-answered = Respondido
waits-closed = Cerrado
closed-past = Este tique se cerró hace mucho. Lo que escriba abre uno nuevo.
closed-reopens = Este tique está cerrado. Lo que escriba lo abre de nuevo.
solved = Resuelto, gracias
rate-question = ¿Quedó contento con cómo lo tratamos?
rate-comment = Unas palabras (si quiere)
rate-good = Sí, contento
rate-bad = No, descontento
rate-thanks = Gracias por decírnoslo.
saved = Guardado.
as-browser = Como el navegador
zone = Zona horaria
name-wrong = Hace falta un nombre de 250 letras como máximo.
zone-wrong = No existe esa zona horaria. Europe/Berlin es una.
password-wrong = Una contraseña tiene al menos 6 letras y como máximo 1024 bytes.
skip = Ir al contenido
menu = Menú
lists = Listas
search = Buscar
search-hint = Buscar: palabras, #12, from:, is:open
new-ticket = Nuevo ticket
sign-in = Iniciar sesión
sign-out = Cerrar sesión
username = Usuario
password = Contraseña
password-kept = Ya comprobada
code = Código
code-wanted = Escriba el código de su segundo factor.
code-wrong = Este código es incorrecto o ya se usó.
wrong-password = Usuario o contraseña incorrectos.
locked = Demasiados intentos fallidos. Inténtelo de nuevo en { $minutes } minutos.
needs-tls = Para iniciar sesión hace falta una conexión cifrada (https). Pregunte a quien administra este servicio.
session-over-kept = Su sesión ha terminado. Inicie sesión y se enviará lo que escribió.
session-over-shown = Su sesión terminó. Entre, y se le mostrará de nuevo lo que escribió.
undo = Deshacer
sending = Enviando…
offline = Sin conexión; su borrador está a salvo.
something-new = Hay algo nuevo aquí. Mostrarlo
month-1 = ene
month-2 = feb
month-3 = mar
month-4 = abr
month-5 = may
month-6 = jun
month-7 = jul
month-8 = ago
month-9 = sep
month-10 = oct
month-11 = nov
month-12 = dic
date = { $day } { $month }
refused-not-found = No encontrado
refused-not-found-text = Esta página no existe o no es para usted.
refused-forbidden = No permitido
refused-forbidden-text = Su cuenta no puede abrir esta página.
refused-forged = No aceptado
refused-forged-text = Este formulario no procede de una página de este servicio. Recargue la página y repita lo que hizo.
refused-stale = Aún no enviado
refused-stale-text = Usted volvió a entrar o abrió otro enlace después de hacerse esta página; no se hizo nada. Revíselo y envíelo de nuevo.
refused-signed-out = Sin sesión
refused-signed-out-text = Su sesión terminó y no se envió nada. Entre en otra pestaña, o abra allí el enlace de nuestro correo; luego envíelo desde aquí.
refused-broken = No se entiende
refused-broken-text = No se pudo leer el formulario. Recargue su página y repita lo que hizo.
refused-too-large = Demasiado grande
refused-too-large-text = Lo enviado es más de lo que se admite y no se tomó nada. Quite algunos archivos o acorte el texto.
refused-too-many = Demasiados intentos
refused-too-many-text = Hubo demasiados intentos desde su dirección. Espere unos minutos.
refused-method = No es posible
refused-method-text = Esta página no se puede abrir así.
refused-busy = Ocupado
refused-busy-text = El servicio está ocupado un momento y no se hizo nada. Inténtelo de nuevo.
refused-failed = Algo falló
refused-failed-text = No fue culpa suya y está en el registro. Inténtelo de nuevo.
refused-wrong = No hecho
refused-merged = Unido
refused-merged-text = Este ticket se unió a otro: lo que quería hacer se hace allí.
refused-before = Ya hecho
refused-before-text = Este formulario ya se envió y lo que pide está hecho.
kept-text = No se perdió nada: lo que escribió está abajo.
kept-without-files = Elija los archivos de nuevo
kept-without-files-text = Ha vuelto a entrar. Aún no se envió nada, porque faltan los archivos.
files-again = Los archivos no se conservan. Elija estos de nuevo: { $names }
files-too-large = Estos archivos juntos son demasiado grandes para un formulario. No se envió nada: quite algunos.
list-unassigned = Sin asignar
list-mine = Míos
list-waiting = En espera
list-overdue = Atrasados
list-snoozed = Pospuestos
list-closed = Cerrados
list-spam = Spam
aside = Apartados
outbox = Bandeja de salida
about-unassigned = Aún no los tiene nadie.
about-mine = Suyos, sin cerrar.
about-waiting = Respondidos; esperan al cliente.
about-overdue = Esperan respuesta demasiado tiempo; primero los más antiguos.
about-snoozed = Pospuestos; primero el que vuelve antes.
about-closed = Terminados.
about-spam = Fuera de la vista; se eliminan al cabo de un tiempo.
empty-unassigned = Nada espera a que alguien lo tome.
empty-unassigned-text = Los tickets nuevos aparecen aquí solos. Mire Míos o ayude con Atrasados.
empty-mine = No tiene tickets abiertos.
empty-mine-text = Tome algunos de Sin asignar.
empty-waiting = Ningún ticket respondido espera a su cliente.
empty-waiting-text = Los tickets llegan aquí al responder y salen cuando el cliente escribe.
empty-overdue = Nada está atrasado.
empty-overdue-text = Los tickets llegan aquí cuando nadie responde en mucho tiempo (ajuste overdue_time).
empty-snoozed = Nada está pospuesto.
empty-snoozed-text = Posponga un ticket y volverá a su hora, o cuando el cliente escriba.
empty-closed = Aún no hay tickets cerrados.
empty-closed-text = Los tickets cerrados quedan aquí; una respuesta del cliente los reabre.
empty-spam = No hay spam.
empty-spam-text = Aquí llegan los tickets marcados como spam.
empty-department = Este departamento no tiene tickets.
empty-department-text = El correo a sus direcciones los abre.
empty-search = No se encontró nada.
empty-search-text = Las palabras coinciden con el principio de otras. Pruebe con menos, un #número o from:nombre.
with-ticked = Con los tickets marcados
select-all = Seleccionar todos
select-ticket = Seleccionar #{ $id }
take = Tomar
assign = Asignar
assign-to = Asignar a
close = Cerrar
spam = Spam
not-spam = No es spam
more = Más
status = Estado
set-status = Poner estado
department = Departamento
move = Mover
tag = Etiqueta
add-tag = Etiquetar
merge = Unir
all-found = Todos los encontrados, no solo esta página
no-subject = (sin asunto)
unread = no leído
nobody = Nadie
somebody = Alguien
pages = Páginas
newest = Más recientes
older = Anteriores
status-open = Abierto
status-answered = Respondido
status-awaiting-reply = Espera respuesta
status-in-progress = En curso
status-closed = Cerrado
back = Volver a la lista
assignee = Responsable
apply = Aplicar
said-by = { $name } escribió
note = Nota
quoted-text = Texto citado
formatted = Con formato
formatted-mail = Correo con formato
bytes =
    { $n ->
        [one] { $n } byte
       *[other] { $n } bytes
    }
kilobytes = { $n } kB
megabytes = { $n } MB
delivery-waiting = en espera
delivery-sent = enviado
delivery-failed = falló
delivery-bounced = devuelto
delivery-dropped = descartado
save-draft = Guardar borrador
what-to-write = Qué escribir
answer = Responder
to = Para
cc = Cc
note-hint = Solo lo ve el equipo. No se envía nada.
formatting = Formato
bold = Negrita
italic = Cursiva
list = Lista
quote = Cita
code-mark = Texto de código
preview = Vista previa
canned = Respuestas guardadas
message = Mensaje
leave-out = Quitar
files = Archivos
send = Enviar
send-and-close = Enviar y cerrar
send-anyway = Enviar de todos modos
save-note = Guardar nota
text-missing = Aún no hay nada que enviar: escriba algo o elija un archivo.
too-many-files = { $name } no se admite: { $n } archivos como máximo.
file-too-large = { $name } es demasiado grande.
file-not-taken = No se admiten archivos como { $name }.
other-files-kept = Los demás archivos se conservan.
details = Detalles
customer = Cliente
answers-go-to = Las respuestas van a
takes-part = También participa
linked-with = Enlazado con
other-tickets = Otros tickets
no-other-tickets = Es el único.
history = Historial
actor-customer = Un cliente
actor-staff = Alguien que estuvo en el equipo
actor-desk = El servicio
actor-machine = Un programa
door-mail = por correo
door-api = por la API
door-web = en el navegador
door-command-line = por comando
door-jobs = por horario
door-outbox = al enviar
event-opened = abierto
event-replied = el cliente escribió
event-answered = respondido
event-noted = nota añadida
event-status = estado: { $detail }
event-assigned = asignado a: { $detail }
event-moved = movido a { $detail }
event-requester = el cliente es ahora { $detail }
event-reply-to = las respuestas van a { $detail }
event-participant = participa { $detail }
event-also-to = enviado también a { $detail }
event-linked = enlazado con { $detail }
event-merged = unido { $detail }
event-attachment-removed = archivo eliminado: { $detail }
event-bounced = el correo a { $detail } fue devuelto
event-undelivered = no se pudo enviar el correo a { $detail }
event-removed = eliminado
event-snoozed = pospuesto hasta { $detail }
event-woken = ya no está pospuesto
event-spam = marcado como spam
event-not-spam = no es spam
event-tagged = etiqueta añadida: { $detail }
event-untagged = etiqueta quitada: { $detail }
event-priority = prioridad: { $detail }
event-field = campo cambiado: { $detail }
event-taken-back = respuesta retirada
event-parted = separado { $detail }
event-split = dividido { $detail }
event-mentioned = se mencionó a { $detail }
event-retried = se reintenta el correo a { $detail }
event-dropped = correo a { $detail } retirado de la cola
event-participant-left = { $detail } ya no participa
event-subject = asunto cambiado; era: { $detail }
draft-saved-at = Borrador guardado { $time }
cancel = Cancelar
save-as-note = Guardar como nota
no-address = «{ $text }» no es una dirección de correo.
own-address = «{ $text }» es una dirección de este servicio: se escribiría a sí mismo.
to-missing = Indique a quién va.
subject-missing = Ponga un asunto.
news-here = Mientras tanto alguien escribió aquí: léalo arriba. Su texto y sus archivos se conservan.
sent-before = Este formulario ya se envió antes con otro contenido. Ahora no se envió nada: mire lo que hay en el ticket y envíe también esto si procede.
merged-elsewhere = #{ $id } se unió a #{ $into }: hágalo allí. Aquí no se hizo nada.
no-member = { $name } no puede ver { $department }, donde está el ticket.
not-active = La cuenta { $name } no está activa.
choose-again = Eso ya no existe: elija de nuevo.
left-alone =
    { $n ->
        [one] Un ticket quedó como estaba: en él no es posible.
       *[other] { $n } tickets quedaron como estaban: en ellos no es posible.
    }
changed-meanwhile = Otra persona ha cambiado esto entretanto y no se guardó nada: vea lo que hay ahora y guarde lo suyo encima o incorpore lo otro.
stands-there = Lo que hay ahora
tag-wrong = Una etiqueta tiene de 1 a { $max } letras, sin comas, dos puntos, comillas ni #.
one-address = Indique una dirección.
time-to-come = Elija una hora futura.
no-such-ticket = Para usted no hay ningún ticket «{ $text }».
merge-itself = Es el mismo ticket: indique otro.
merge-two = Marque dos tickets o más para unirlos.
draft-beside = Otra ventana envió este formulario. Lo que escriba aquí se guarda como algo nuevo.
said-sent = Enviado.
said-taken-back = Retirado. Su texto está abajo.
said-undone = Deshecho.
said-too-late = Es tarde para deshacerlo.
said-nothing-ticked = Marque primero un ticket.
said-saved = Guardado.
said-moved = Ese ticket se unió a este entretanto. Lo que escribió está abajo: envíelo aquí.
button-take = Tomar
button-assign = Asignar
button-close = Cerrar
button-status = Poner estado
button-move = Mover
button-tag = Etiquetar
button-spam = Spam
button-not-spam = No es spam
button-merge = Unir
pictures-blocked = { $n } imágenes externas bloqueadas.
show-pictures = Mostrar imágenes
priority = Prioridad
snooze = Posponer
until = Hasta
until-hours = en 3 horas
until-tomorrow = mañana a las 8:00
until-week = en una semana a las 8:00
until-at = a una hora
until-time = Hora
put-off = Posponer
mark-unread = Marcar como no leído
merge-with = Unir con
rename = Cambiar
customer-address = Dirección del cliente
give-to-customer = Dar a este cliente
is-spam = Este ticket fue marcado como spam.
is-snoozed = Pospuesto hasta { $until }.
wake = Recuperar ahora
is-merged = Este ticket se unió a
untag = Quitar etiqueta { $name }
search-title = Buscar: { $text }
about-aside = Correos que esperan a una persona.
empty-aside = Ningún correo espera aquí.
empty-aside-text = El correo que el servicio no sabe ubicar se guarda aquí y nunca se pierde.
select-mail = Seleccionar correo { $id }
let-in = Dejar entrar
drop = Descartar
why-unreadable = No se pudo leer como correo.
why-no-from = No indica un remitente utilizable.
why-from-us = Dice venir de una de nuestras direcciones.
why-too-many = El remitente escribió demasiados correos en una hora.
why-unknown-recipient = Iba a una dirección que no es nuestra.
why-no-department = La dirección no tiene departamento.
why-staff-unproven = Dice ser del equipo, sin prueba.
why-staff-without-token = Respuesta del equipo sin la marca de su correo.
why-stranger-held = Un extraño nombra uno de nuestros tickets.
about-outbox = Lo que sale: en espera, fallido, enviado.
empty-outbox = Aún no ha salido ningún correo.
empty-outbox-text = Aquí aparecen las respuestas y los avisos, y qué fue de ellos.
tries = { $n } intentos
try-again = Reintentar
profile = Perfil
language-auto = Como el navegador
time-zone = Zona horaria
no-zone = «{ $text }» no es una zona horaria; escríbala como Europe/Madrid.
colours = Colores
scheme-auto = Como el sistema
scheme-light = Claro
scheme-dark = Oscuro
after-sending = Después de enviar
after-stay = Quedarse en el ticket
after-next = Abrir el siguiente ticket
after-list = Ir a la lista
signature = Firma
single-keys = Las teclas sueltas hacen algo
signed-in-at = Sesiones abiertas
this-browser = este navegador
end-session = Terminar
current-password = Contraseña actual
change-password = Cambiar contraseña
password-short = Una contraseña tiene al menos 8 caracteres.
password-unusable = Esta contraseña no se puede usar.
wrong-own-password = La contraseña actual es incorrecta.
second-factor = Segundo factor
no-second-factor = Basta la contraseña para entrar.
set-up-second-factor = Configurar
second-factor-text = Escriba esta clave en su aplicación de autenticación y luego el código que muestre.
second-factor-link = Abrir en la aplicación
turn-on = Activar
turn-off = Desactivar
recovery-codes = Códigos de recuperación
recovery-codes-text = Cada uno sustituye al código una vez. Guárdelos lejos del teléfono; no se vuelven a mostrar.
recovery-codes-left = Quedan { $n } códigos de recuperación.
here-reading = { $name } está aquí
here-writing = { $name } está escribiendo
set-up = Configuración
keys = Teclas
keys-rows = fila siguiente y anterior
keys-open = abrir
keys-tick = marcar, marcar hasta aquí
keys-take = tomar, asignar
keys-status = estado, departamento
keys-write = respuesta, nota
keys-formatted = correo con formato, texto citado
keys-search = buscar; en un texto vacío: respuestas guardadas
keys-aside = no leído, posponer, spam
keys-pages = página anterior y siguiente
keys-lists = Sin asignar, Míos, En espera, Atrasados
event-rated = opinión del cliente: { $detail }
event-let-in = el correo { $detail } estaba apartado y fue admitido
way-into = en { $ticket }
way-from = de { $ticket }
way-of = de { $ticket }
done-take =
    { $n ->
        [one] 1 ticket tomado.
       *[other] { $n } tickets tomados.
    }
done-assign =
    { $n ->
        [one] 1 ticket asignado.
       *[other] { $n } tickets asignados.
    }
done-close =
    { $n ->
        [one] 1 ticket cerrado.
       *[other] { $n } tickets cerrados.
    }
done-status =
    { $n ->
        [one] Estado cambiado: 1 ticket.
       *[other] Estado cambiado: { $n } tickets.
    }
done-move =
    { $n ->
        [one] 1 ticket movido.
       *[other] { $n } tickets movidos.
    }
done-tag =
    { $n ->
        [one] Etiqueta puesta: 1 ticket.
       *[other] Etiqueta puesta: { $n } tickets.
    }
done-spam =
    { $n ->
        [one] Marcado como spam: 1 ticket.
       *[other] Marcado como spam: { $n } tickets.
    }
done-not-spam =
    { $n ->
        [one] No es spam: 1 ticket.
       *[other] No es spam: { $n } tickets.
    }
done-snooze =
    { $n ->
        [one] 1 ticket pospuesto.
       *[other] { $n } tickets pospuestos.
    }
done-wake =
    { $n ->
        [one] 1 ticket recuperado.
       *[other] { $n } tickets recuperados.
    }
done-priority =
    { $n ->
        [one] Prioridad cambiada: 1 ticket.
       *[other] Prioridad cambiada: { $n } tickets.
    }
done-merge =
    { $n ->
        [one] 1 ticket unido.
       *[other] { $n } tickets unidos.
    }
said-view-removed = Se quitó la búsqueda.
said-dropped =
    { $n ->
        [one] 1 correo descartado.
       *[other] { $n } correos descartados.
    }
said-let-in =
    { $n ->
        [one] 1 correo admitido.
       *[other] { $n } correos admitidos.
    }
said-stays =
    { $n ->
        [one] 1 correo no puede entrar: le falta remitente o departamento.
       *[other] { $n } correos no pueden entrar: les falta remitente o departamento.
    }
were-gone =
    { $n ->
        [one] 1 ya no estaba.
       *[other] { $n } ya no estaban.
    }
drop-mails =
    { $n ->
        [one] ¿Descartar 1 correo? Queda registrado.
       *[other] ¿Descartar { $n } correos? Quedan registrados.
    }
sure =
    { $n ->
        [one] { $act }: ¿1 ticket?
       *[other] { $act }: ¿{ $n } tickets?
    }
merge-into =
    { $n ->
        [one] ¿Unir 1 ticket?
       *[other] ¿Unir { $n } tickets en #{ $id }?
    }
view-name = Nombre de esta búsqueda
save-view = Guardar búsqueda
for-everybody = para todos
add = Añadir
edit = Editar
remove = Quitar
keep = Conservar
test = Probar
yes = Sí
no = No
send-again = Enviar de nuevo
setup-general = Ajustes
setup-departments = Departamentos
setup-addresses = Direcciones de correo
setup-agents = Personal
setup-templates = Plantillas de correo
setup-canned = Respuestas preparadas
setup-fields = Campos propios
setup-priorities = Prioridades
setup-tags = Etiquetas
setup-views = Vistas para todos
setup-tokens = Claves de la API
setup-webhooks = Webhooks
setup-bans = Bloqueos
setup-audit = Registro
setup-health = Estado
setup-empty = Aquí no hay nada todavía.
setup-deeds = Qué se puede hacer
setup-wrong = No se guardó nada: vea lo marcado abajo.
setup-done-saved = Guardado.
setup-done-removed = Quitado.
setup-done-sent = Se envía de nuevo.
setup-new-department = Departamento nuevo
setup-new-address = Dirección nueva
setup-new-agent = Persona nueva
setup-new-token = Clave nueva
setup-new-canned = Respuesta nueva
setup-new-field = Campo nuevo
setup-new-priority = Prioridad nueva
setup-new-tag = Etiqueta nueva
setup-new-view = Vista nueva
setup-new-ban = Bloqueo nuevo
setup-new-webhook = Webhook nuevo
f-name = Nombre
f-private = Privado
f-tickets = Tickets
f-query = Búsqueda
f-color = Color
f-ban = Dirección o dominio
f-since = Desde
f-title = Título
f-text = Texto
f-position = Posición
f-kind = Tipo
f-options = Opciones
f-required = Obligatorio
f-departments = Departamentos
f-permissions = Permisos
f-everything = Todo
f-ips = Direcciones IP
f-active = Activo
f-last-used = Último uso
f-email = Correo
f-role = Rol
f-second-factor = Segundo factor
f-last-sign-in = Último acceso
f-sees-all = Ve todos los departamentos
f-sets-up = Puede configurar
f-notices = Recibe avisos por correo
f-subject = Asunto
f-sent = Se envía
f-texts = Textos
f-preview-ticket = Ticket para la vista previa
f-number = N.º
f-when = Cuándo
f-who = Quién
f-ticket = Ticket
f-what = Qué
f-door = Cómo
f-state = Estado
f-found = Resultado
f-fix = Qué hacer
f-url = URL
f-events = Sucesos
f-tries = Intentos
f-answer = Respuesta
f-incoming = Entrada
f-outgoing = Salida
f-default = Predeterminada
f-last-fetch = Última recogida
f-imap = Buzón (IMAP)
f-imap-host = Servidor IMAP
f-imap-port = Puerto IMAP
f-imap-tls = Seguridad IMAP
f-imap-user = Usuario IMAP
f-imap-password = Contraseña IMAP
f-imap-folders = Carpetas IMAP
f-imap-after = Tras recoger
f-smtp = Servidor de correo (SMTP)
f-smtp-host = Servidor SMTP
f-smtp-port = Puerto SMTP
f-smtp-tls = Seguridad SMTP
f-smtp-user = Usuario SMTP
f-smtp-password = Contraseña SMTP
f-site-name = Nombre del servicio
h-private = No se ofrece a los clientes.
h-color = Un color como #rrggbb.
h-ban = ann@example.org, o example.org con todo lo que cuelga de él.
h-canned = Texto sin formato; HTML si empieza por <.
h-options = Una por línea, para listas y casillas.
h-field-departments = Ninguno marcado: para todos.
h-ips = Exacta, 10.0.*.*, 10.0.0.0/8 o IPv6, separadas por comas; vacío: desde cualquier lugar.
h-role = Los administradores ven y configuran todo.
h-password-new = Al menos 6 caracteres.
h-password = Vacío: queda como está.
h-template = Texto sin formato; HTML si empieza por <. Palabras como %ticket_id% se sustituyen.
h-preview = Número de un ticket; vacío: el más nuevo.
h-url = https://host/ruta. Direcciones privadas solo con el ajuste webhook_private.
h-webhook-on = Al activarlo termina la pausa y se envía lo pendiente.
h-from = Se muestra como remitente.
h-default = El correo a direcciones desconocidas va a su departamento.
h-imap = Solo si el correo llega de un buzón.
h-smtp = Solo si el correo sale por un servidor SMTP.
h-mailbox-password = Se guarda en un archivo junto a la base de datos que solo lee su cuenta.
h-mailbox-password-kept = Está guardada; vacío: queda igual.
h-imap-folders = Una por línea.
h-imap-after = seen, move:CARPETA o delete.
h-lines = Copie lo que corresponda a su servidor.
h-aliases = El programa debe ejecutarse como { $account }.
h-cpanel = Reenviadores › Añadir › Canalizar a un programa.
about-views = Una vista es una búsqueda guardada que aparece junto a las listas de todos.
about-bans = El correo de estos remitentes se descarta.
about-general = Cada uno vale desde el próximo correo o petición. Entre paréntesis, el valor de fábrica.
about-audit = Cada cambio, el más nuevo primero.
about-health = Lo que dice ahora maildesk admin doctor.
about-webhooks = Programas suyos a los que se avisa de lo que ocurre con los tickets.
health-elsewhere = Aquí solo en la línea de órdenes: maildesk admin.
wrong-line = Una línea de 1 a { $max } caracteres.
wrong-long = Como máximo { $max } caracteres.
wrong-email = No es una dirección de correo.
wrong-port = Un puerto es un número de 1 a 65535.
wrong-choice = Elija una de las ofrecidas.
wrong-taken = Ya está en uso.
for-those-who-see-all = Solo para quienes ven todos los departamentos.
wrong-empty = Es necesario.
wrong-ticket = No existe ese ticket.
wrong-username = Solo letras, cifras, - y _.
wrong-password-length = Al menos { $min } caracteres y como mucho un kilobyte.
wrong-password-again = Otro servidor: escriba de nuevo la contraseña.
last-admin = Es el último administrador activo: cree antes otro.
last-department = Es el último departamento y los tickets necesitan uno.
messages-stay = Lo que escribió se queda; sus tickets quedan sin asignar.
remove-department = ¿Quitar el departamento { $name }?
remove-address = ¿Quitar la dirección { $name }?
remove-agent = ¿Quitar a { $name }?
remove-token = ¿Quitar la clave { $name }?
remove-template = ¿Quitar los textos cambiados de { $name }?
remove-canned = ¿Quitar la respuesta { $name }?
remove-field = ¿Quitar el campo { $name }?
remove-priority = ¿Quitar la prioridad { $name }?
remove-tag = ¿Quitar la etiqueta { $name }?
remove-view = ¿Quitar la vista { $name }?
remove-ban = ¿Quitar el bloqueo de { $name }?
remove-webhook = ¿Quitar el webhook { $name }?
addresses-move = Estas direcciones pasan a { $name }:
address-goes = Su correo ya no creará tickets.
default-address-goes = Es la dirección predeterminada: ya no habrá ninguna.
token-ends = Los programas que la usan serán rechazados al momento.
token-once = Esta es la clave. No se mostrará otra vez:
totp-on = Activar segundo factor
totp-off = Desactivar segundo factor
totp-once = Esto va en la aplicación de la persona. No se mostrará otra vez:
field-values-stay = Lo que tienen los tickets se queda.
tickets-lose-priority = Los tickets que la tienen no mostrarán ninguna.
ban-lifted = Su correo se aceptará otra vez.
texts-edited = cambiados
texts-shipped = de fábrica
role-admin = Administrador
role-agent = Agente
incoming-none = Ninguna
incoming-pipe = Del servidor de correo (pipe)
incoming-imap = De un buzón (IMAP)
outgoing-none = Ninguna
outgoing-smtp = Servidor SMTP
outgoing-sendmail = sendmail
outgoing-file = Archivos
tls-implicit = TLS
tls-starttls = STARTTLS
tls-none = Ninguna
field-kind-text = Texto
field-kind-textarea = Varias líneas
field-kind-password = Contraseña
field-kind-checkbox = Casillas
field-kind-radio = Una de varias
field-kind-select = Lista
field-kind-date = Fecha
fetch-fine = correcta
test-in-fine = Entrada: sesión iniciada. Carpetas: { $folders }
test-in-failed = Entrada: { $why }
test-in-pipe = Entrada: el servidor entrega el correo; envíe uno para probar.
test-in-none = Entrada: ninguna.
test-out-fine = Salida: el servidor acepta correo.
test-out-failed = Salida: { $why }
test-out-none = Salida: ninguna.
webhook-active = activo
webhook-inactive = inactivo
webhook-paused = en pausa: falló todo durante un día
webhook-failing = fallando
webhook-on = Activado
webhook-log = Registro
webhook-log-of = Entregas de { $name }
webhook-new-key = Clave nueva
webhook-key-once = Esta es la clave de las firmas, para el receptor. No se mostrará otra vez:
webhook-took = El receptor lo aceptó: { $status }
delivery-pending = pendiente
set-up-added = añadido: { $detail }
set-up-changed = cambiado: { $detail }
set-up-removed = quitado: { $detail }
first-title = Su nuevo servicio
first-about = Cree la primera cuenta. Podrá ver y configurar todo.
first-over = Este enlace ya se usó o caducó su hora. maildesk admin init imprime otro mientras no haya personal.
template-new_ticket = Al cliente: el ticket está abierto.
template-autoresponse = Al cliente: llegó su respuesta.
template-staff_reply = Al cliente: el personal respondió.
template-staff_ticketnotification = Al personal: escribió un cliente.
template-staff_assigned = Al personal: un ticket es suyo.
template-staff_mentioned = Al personal: una nota los menciona.
template-new_user = A un cliente nuevo: confirmar la dirección.
removes-tickets =
    { $n ->
        [one] Se quita también su ticket, con todo lo escrito.
       *[other] Se quitan también sus { $n } tickets, con todo lo escrito.
    }
tickets-lose-tag =
    { $n ->
        [one] Un ticket la pierde.
       *[other] { $n } tickets la pierden.
    }
deliveries-lost =
    { $n ->
        [one] Se quita su registro y una entrega pendiente.
       *[other] Se quita su registro y { $n } entregas pendientes.
    }
fetch-failed =
    { $n ->
        [one] falló una vez:
       *[other] falló { $n } veces:
    }
fetch-left =
    { $n ->
        [one] queda un correo
       *[other] quedan { $n } correos
    }
template-lost_password = Al cliente que lo pide: el enlace para entrar.
template-satisfaction = Al cliente tras cerrar: ¿cómo fue?

setup-schedules = Horarios
setup-customers = Clientes
setup-figures = Cifras
setup-new-schedule = Nuevo horario
setup-new-customer = Nuevo cliente
f-hours = Horas
f-zone = Zona horaria
f-staff = Personal
f-on-duty = De servicio ahora
f-schedule = Horario
f-verified = Confirmada
f-blocked = Bloqueado
f-merge-into = Fusionar con
about-schedules = Quien tiene horario solo recibe avisos por correo mientras está de servicio, salvo que nadie del departamento lo esté.
about-customers = Los cien más nuevos; la búsqueda encuentra los demás.
about-figures = Lo que entró y cómo se respondió.
h-hours = Por ejemplo Mon-Fri 9:00-17:00; varias, con comas.
h-zone = Por ejemplo Europe/Madrid o UTC.
h-schedule = Cuándo recibe avisos por correo.
h-blocked = No puede iniciar sesión.
h-merge-into = La dirección del cliente que recibe todo.
wrong-customer = No hay otro cliente con esta dirección.
remove-schedule = ¿Quitar el horario { $name }?
schedule-goes = Personal que entonces está siempre de servicio: { $n }.
remove-customer = ¿Quitar el cliente { $name }?
merge-customer = Fusionar
merge-asks = Este cliente termina y el otro recibe estos tickets: { $n }. No se puede deshacer.
invite = Enviar un enlace que confirma la dirección
invited = Hay un enlace para { $email } en la bandeja de salida.
invite-failed = No se envió nada: la plantilla new_user está apagada, ninguna dirección envía correo, o el correo para ella siempre vuelve.
always-on-duty = Siempre de servicio
new-codes = Nuevos códigos de recuperación
codes-once = Códigos de recuperación, cada uno sustituye un código de la aplicación. No se vuelven a mostrar:
codes-left = Códigos de recuperación que quedan: { $n }.
fetch-never = aún no recogida
verdict-good = Bien atendido
verdict-bad = No bien atendido
verdict-of = Lo que dice el cliente de #{ $ticket }
n-figure = Cifra
n-tickets = Tickets
n-messages = Mensajes
n-opened = Abiertos en los últimos { $days } días
n-answered-half = La mitad tuvo la primera respuesta en
n-answered-most = Nueve de cada diez tuvieron la primera respuesta en
n-hours = { $hours } h
n-asked = Clientes preguntados en los últimos { $days } días
n-good = de ellos, contentos ({ $days } días)
n-bad = de ellos, descontentos ({ $days } días)
find = Buscar
about-agents = Dos roles: los administradores ven y configuran todo; los agentes ven sus departamentos, y más donde está marcado.
wrong-tag = Una etiqueta tiene de 1 a { $max } caracteres, sin , : # ni comillas.

# Signatures, fields, bans, parting
add-signature = Firmar con esto
fields = Campos
save-fields = Guardar campos
spam-ban = Spam, y bloquear al remitente
ban-sure = ¿Marcar este ticket como spam y descartar todo correo futuro de { $email }?
part = Separar de nuevo
take-tag = Quitar etiqueta
said-needs-totp = Configure primero un segundo factor: este centro lo exige a todos.
button-untag = Quitar etiqueta
done-untag =
    { $n ->
        [one] Etiqueta quitada: 1 ticket.
       *[other] Etiqueta quitada: { $n } tickets.
    }
done-spam-ban = Marcado como spam; los correos de su remitente se descartan desde ahora.
done-part = Separado de nuevo.

setup-mails = Correos recibidos
setup-backups = Copias de seguridad
setup-check = Comprobación
setup-import = Importación
setup-done-started = Ha empezado.
setup-done-running = Ya está en marcha.
setup-done-uploaded = Los archivos ya están aquí.
set-up-started = iniciado: { $detail }
set-up-handed-out = entregado: { $detail }
set-up-dropped = descartado: { $detail }
set-up-let-in = admitido: { $detail }
errand = Última ejecución
errand-running = en marcha desde { $time }
errand-done = terminado, { $time }
errand-failed = ha fallado, { $time }
errand-cut-off = iniciado { $time } e interrumpido, porque el servidor terminó. Vuelva a iniciarlo; nada ha quedado a medias.
look-again = Volver a mirar
f-file = Archivo
f-size = Tamaño
f-mail-from = De
f-mail-to = Para
f-became = Qué fue de él
f-received-since = Recibidos desde
f-files-to-import = Archivos
f-archive-address = Enviados a
f-imap-auth = Acceso IMAP
imap-auth-password = Contraseña
imap-auth-xoauth2 = OAuth 2 (XOAUTH2)
h-imap-auth = OAuth 2 para Google y Microsoft: indique el punto de acceso de tokens del proveedor, el cliente y un token de actualización.
about-mails = Todos los correos que llegaron, primero los más nuevos, y qué fue de ellos.
about-backups = Una copia es todo el servicio en un archivo: cada ticket y aquello con lo que se comprueban cuentas y tokens. Guárdela como el propio servicio. Están en { $folder }; haga que se lleven a otra máquina.
about-check = Revisa toda la base de datos: su estructura, las referencias, los archivos, los números guardados y la búsqueda. Nadie tiene que esperar.
about-import = De HelpDeskZ: el volcado de su base de datos (.sql) y sus adjuntos. De un buzón: un archivo de correos (.mbox). Suba los archivos aquí, o déjelos en { $folder } y los adjuntos en la carpeta attachments de allí. Una importación puede repetirse: lo que está, queda como está.
about-import-dump = Adjuntos que hay aquí para él: { $n }. «Solo mirar» importa en una copia que luego desaparece y dice qué pasaría.
about-import-archive = Cada correo será un ticket o parte de uno, con su propia fecha. No se escribe a nadie.
about-read-again = Los correos cuyos bytes se conservan se leen de nuevo con las reglas de hoy: sus textos pueden cambiar, y no se avisa a nadie.
h-upload = Varios a la vez, hasta unos 30 MB en total. Los mayores llegan a la carpeta por otros medios, como scp.
h-restore = El servicio no debe estar en marcha mientras tanto, por eso se hace en la línea de órdenes. Lo escrito desde la copia se pierde.
h-repair = Una reparación hace esperar al correo y a las páginas, por eso se hace en la línea de órdenes. Lo que no se puede reparar viene de una copia.
h-import-command = Lo mismo con archivos que están en otro lugar de la máquina, y con carpetas de correos (Maildir).
h-decide-again = Con las reglas y los ajustes de hoy. No se cambió nada.
h-move-database = A otra base de datos, por ejemplo de un archivo a PostgreSQL. El servicio no debe estar en marcha mientras tanto, por eso se hace en la línea de órdenes.
move-database = Trasladar el servicio
at-the-command-line = En la línea de órdenes
back-up-now = Hacer una copia ahora
check-now = Comprobar ahora
download = Descargar
restore = Restaurar
repair = Reparar
upload = Subir
import = Importar
only-look = Solo mirar
show = Mostrar
read-again = Leer de nuevo
decide-again = Qué pasaría ahora
how-it-was-read = Cómo se leyó
download-mail = Descargar el correo
open-ticket = Abrir #{ $ticket }
let-in-or-drop = Admitir o descartar
mail-number = Correo { $n }
mail-state-all = Todos
mail-state-stored = Guardados
mail-state-quarantined = Apartados
mail-state-dropped = Descartados
filters = Partes de la lista
address-by-mail = Lo que diga cada correo
remove-backup = ¿Quitar la copia { $name }?
remove-import = ¿Quitar el archivo { $name }?
imported-stays = Lo que se importó de él queda.
wrong-day = Hace falta un día, como 2026-02-28.

f-oauth-url = Punto de acceso de tokens
f-oauth-client = Id. de cliente
f-oauth-secret = Secreto de cliente
f-oauth-refresh = Token de actualización
f-oauth-scope = Ámbito (scope)
whole-text = Todo este texto largo
h-signature = Va debajo de las respuestas que salen por esta dirección, tras la firma propia de quien escribe (cada uno la pone en su perfil); Markdown sencillo. %staff_name% es quien escribe, %company_name% el nombre del servicio. Quien escribe puede omitir ambas. Vacío: solo la propia.
signature-hint = La firma de la dirección por la que sale una respuesta sigue a la suya.
saved-searches = Búsquedas guardadas

## Settings

setting-site_name = Nombre del servicio
setting-site_name-text = nombre del servicio, en los correos
setting-site_url = Dirección de las páginas
setting-site_url-text = dirección pública del servicio, para los enlaces de los correos
setting-tickets_page = Tickets por página (API)
setting-tickets_page-text = tickets por página de la API
setting-tickets_replies = Mensajes por página (API)
setting-tickets_replies-text = mensajes por página de la API
setting-reply_order = Orden de los mensajes (API)
setting-reply_order-text = orden de los mensajes por fecha en la API
setting-ticket_attachment = Subir archivos
setting-ticket_attachment-text = archivos por la API y las páginas de clientes
setting-ticket_attachment_number = Archivos por envío
setting-ticket_attachment_number-text = archivos por solicitud
setting-ticket_file_size = MB por archivo
setting-ticket_file_size-text = MB por archivo subido
setting-ticket_file_type = Tipos de archivo
setting-ticket_file_type-text = extensiones permitidas de los archivos subidos, separadas por comas
setting-mail_attachment_number = Adjuntos por correo
setting-mail_attachment_number-text = adjuntos que se conservan de un correo
setting-mail_attachment_size = MB por adjunto
setting-mail_attachment_size-text = MB por adjunto de un correo
setting-mail_attachment_block = Adjuntos omitidos
setting-mail_attachment_block-text = extensiones de adjuntos que se omiten y se nombran en una nota
setting-login_attempt = Contraseñas erróneas
setting-login_attempt-text = contraseñas erróneas antes de bloquear la dirección de la que vienen; las del personal (también staff/auth) y las de clientes se cuentan aparte; 0 = nunca (una cuenta se bloquea siempre por encima de 20 fallos por hora)
setting-login_attempt_minutes = Minutos de bloqueo
setting-login_attempt_minutes-text = minutos que dura ese bloqueo; 0 = sin bloqueo
setting-overdue_time = Atrasado tras horas
setting-overdue_time-text = horas tras las que un ticket sin respuesta está atrasado; 0 = nunca
setting-ticket_autoclose = Cerrado tras horas
setting-ticket_autoclose-text = horas tras las que se cierra un ticket respondido; 0 = nunca
setting-maintenance = Mantenimiento
setting-maintenance-text = se conserva por HelpDeskZ; la API no lo tiene en cuenta, como allí
setting-date_format = Formato de fechas
setting-date_format-text = se conserva por HelpDeskZ: cómo escribían las fechas sus páginas
setting-timezone = Zona horaria
setting-timezone-text = zona horaria de las páginas para quienes no eligieron otra
setting-unknown_recipient = Destinatario desconocido
setting-unknown_recipient-text = correo a una dirección que no conocemos: al departamento de la dirección predeterminada, apartado o rechazado con 5.1.1
setting-stranger_reply = Correo de un extraño
setting-stranger_reply-text = correo de un extraño que nombra un ticket: un ticket nuevo enlazado, apartado para revisarlo o dentro del ticket
setting-refuse_banned = Rechazar remitentes vetados
setting-refuse_banned-text = pipe rechaza con 5.7.1 el correo de remitentes vetados en lugar de registrar el descarte
setting-refuse_oversize = Rechazar correo demasiado grande
setting-refuse_oversize-text = pipe rechaza con 5.7.1 el correo que supera el límite en lugar de conservar su cabecera
setting-reopen_days = Se reabre en días
setting-reopen_days-text = días tras el cierre en los que una respuesta reabre; las posteriores abren un ticket nuevo enlazado; 0 = nunca se reabre
setting-mails_per_hour = Correos por remitente y hora
setting-mails_per_hour-text = correos por remitente y hora antes de apartarlos; 0 = sin límite
setting-auto_answers_per_hour = Correos automáticos por hora
setting-auto_answers_per_hour-text = correos automáticos por destinatario y hora
setting-reply_address_token = Código en la dirección de respuesta
setting-reply_address_token-text = Reply-To es una dirección con + y el código del ticket; el servidor de correo debe aceptarlas
setting-subject_tag = Número en los asuntos
setting-subject_tag-text = {"["}#12] en los asuntos que salen
setting-authserv_id = Servidor de confianza
setting-authserv_id-text = de quién se creen las Authentication-Results: el nombre que escribe nuestro propio servidor de correo
setting-feeding_lists = Listas que alimentan el servicio
setting-feeding_lists-text = direcciones de listas de correo que alimentan el servicio, separadas por comas: lo que traen cuenta como correo de una persona, sin acuse de recibo
setting-forward_to_sender = Lo reenviado es del remitente
setting-forward_to_sender-text = un correo de cliente reenviado por el personal pertenece al remitente original
setting-staff_mail_commands = Órdenes en correos del personal
setting-staff_mail_commands-text = #close y similares al principio de los correos del personal
setting-raw_keep_days = Días que se guarda el correo original
setting-raw_keep_days-text = días que se conserva el correo original; 0 = siempre
setting-api_error_status = Estado de los errores de la API
setting-api_error_status-text = estado HTTP de los errores de la API: el de HelpDeskZ, o 401, 403, 404, 422
setting-faveo_api_key = api_key de Faveo
setting-faveo_api_key-text = api_key que debe llevar la llamada register de Faveo; vacío = ninguna
setting-faveo_answer = Respuesta a register de Faveo
setting-faveo_answer-text = respuesta a la llamada register de Faveo: un objeto, como lo imprime su documento, o ese objeto en un array, como lo leen sus aplicaciones publicadas
setting-metrics_open = Métricas abiertas
setting-metrics_open-text = /metrics responde sin token
setting-imap_watch = Vigilar los buzones
setting-imap_watch-text = serve vigila por sí mismo los buzones IMAP
setting-web = Páginas para personas
setting-web-text = serve tiene páginas para personas; si no, solo la API
setting-web_page = Tickets por página
setting-web_page-text = tickets por página de las listas
setting-web_insecure = Entrar sin TLS
setting-web_insecure-text = también se puede entrar sin TLS desde otras máquinas
setting-web_signins = Intentos de entrar
setting-web_signins-text = intentos de entrar en las páginas, por dirección en 10 minutos
setting-web_submits = Tickets por dirección
setting-web_submits-text = tickets enviados en las páginas, por dirección y hora
setting-web_links = Enlaces por dirección
setting-web_links-text = enlaces que piden los clientes por correo, por dirección y hora
setting-ticket_link_days = Días que abre el enlace
setting-ticket_link_days-text = días que el enlace de un correo a un cliente abre su ticket
setting-satisfaction = Preguntar por la atención
setting-satisfaction-text = se pregunta a los clientes una vez, tras cerrarse su ticket, cómo se atendió
setting-spam_keep_days = Días que se guarda el spam
setting-spam_keep_days-text = días tras los que se quita un ticket marcado como spam; 0 = nunca
setting-undo_send_s = Segundos para deshacer
setting-undo_send_s-text = segundos en los que se puede deshacer una respuesta escrita en el navegador; 0 = nunca
setting-require_totp = Exigir un segundo factor
setting-require_totp-text = al entrar, el personal sin segundo factor es llevado a configurarlo
setting-webhook_private = Webhooks a direcciones privadas
setting-webhook_private-text = los webhooks pueden ir también a direcciones privadas, como las de esta máquina y su red
setting-cors_origins = Orígenes para navegadores
setting-cors_origins-text = orígenes desde los que los navegadores pueden llamar a la API, separados por comas
choice-reply_order-asc = los más antiguos primero
choice-reply_order-desc = los más nuevos primero
choice-unknown_recipient-default = a la dirección predeterminada
choice-unknown_recipient-quarantine = apartar
choice-unknown_recipient-reject = rechazar
choice-stranger_reply-new = un ticket nuevo
choice-stranger_reply-hold = apartar
choice-stranger_reply-append = en el ticket
choice-api_error_status-compat = como HelpDeskZ
choice-api_error_status-http = 401, 403, 404, 422
choice-faveo_answer-object = un objeto
choice-faveo_answer-array = un array de uno
wrong-number = Un número entero de { $min } a { $max }.
wrong-decimal = Un número mayor que 0, como mucho { $max }.
wrong-extensions = Extensiones como jpg,png,gif.
wrong-url = Una dirección http:// o https://.
wrong-mail-server = Un nombre sin espacios, como lo escribe nuestro servidor de correo: mx.example.org.
wrong-origins = Orígenes como https://shop.example.org, sin ruta, separados por comas.
wrong-addresses = Direcciones de correo, separadas por comas.
health-ok = Bien
health-warn = Aviso
health-fail = Fallo

## Events, as webhooks ask for them

kind-opened = abierto
kind-replied = el cliente escribió
kind-answered = respondido
kind-noted = nota
kind-status = estado
kind-assigned = asignado
kind-moved = movido
kind-requester = otro cliente
kind-reply-to = dirección de respuesta
kind-participant = participante nuevo
kind-also-to = otra dirección del servicio
kind-linked = enlazado
kind-merged = unido
kind-attachment-removed = adjunto quitado
kind-bounced = correo devuelto
kind-undelivered = correo no entregado
kind-reread = leído de nuevo
kind-snoozed = pospuesto
kind-woken = de vuelta
kind-spam = es spam
kind-not-spam = no es spam
kind-tagged = etiqueta puesta
kind-untagged = etiqueta quitada
kind-priority = prioridad
kind-field = campo
kind-taken-back = retirado
kind-parted = separado
kind-split = dividido
kind-mentioned = mencionado
kind-retried = correo reintentado
kind-dropped = correo descartado
kind-participant-left = participante fuera
kind-subject = asunto
kind-rated = opinión
kind-let-in = correo admitido
kind-removed = quitado
