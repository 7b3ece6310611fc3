# Texts of the pages. Every catalogue has the same messages; a test finds a missing or surplus one.
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
edit = Editar
remove = Eliminar
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
refused-forged-text = Este formulario no procede de esta sesión. Vuelva atrás, recargue la página y repita lo que hizo.
refused-broken = No se entiende
refused-broken-text = No se pudo leer el formulario. Vuelva atrás e inténtelo de nuevo.
refused-too-large = Demasiado grande
refused-too-large-text = Lo enviado es más de lo que se admite. Vuelva atrás: lo que escribió sigue ahí. Quite algunos archivos.
refused-too-many = Demasiados intentos
refused-too-many-text = Hubo demasiados intentos desde su dirección. Espere unos minutos.
refused-method = No es posible
refused-method-text = Esta página no se puede abrir así.
refused-busy = Ocupado
refused-busy-text = El servicio está ocupado un momento. Vuelva atrás e inténtelo de nuevo; lo que escribió sigue ahí.
refused-failed = Algo falló
refused-failed-text = No fue culpa suya y está en el registro. Vuelva atrás e inténtelo de nuevo.
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
bytes = { $n } bytes
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
too-many-files = Demasiados archivos: como máximo { $n }.
file-too-large = { $name } es demasiado grande.
file-not-taken = No se admiten archivos como { $name }.
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
event-mentioned = se mencionó a { $detail }
event-retried = se reintenta el correo a { $detail }
event-dropped = correo a { $detail } retirado de la cola
event-participant-left = { $detail } ya no participa
event-subject = asunto cambiado; era: { $detail }
draft-saved-at = Borrador guardado { $time }
save = Guardar
cancel = Cancelar
subject = Asunto
save-as-note = Guardar como nota
no-address = «{ $text }» no es una dirección de correo.
to-missing = Indique a quién va.
subject-missing = Ponga un asunto.
news-here = Mientras tanto alguien escribió aquí: léalo arriba. Su texto y sus archivos se conservan.
said-sent = Enviado.
said-taken-back = Retirado. Su texto está abajo.
said-undone = Deshecho.
said-too-late = Es tarde para deshacerlo.
said-nothing-ticked = Marque primero un ticket.
said-saved = Guardado.
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
remove-tag = Quitar etiqueta { $name }
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
language = Idioma
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
new-password = Nueva contraseña
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
