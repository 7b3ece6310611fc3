// What the script adds to pages that work without it: drafts, keys, live updates, the countdown of undo.
const body = document.body, data = body.dataset, prefix = data.prefix ?? '';
const $ = (what, in_ = document) => in_.querySelector(what);
const $$ = (what, in_ = document) => [...in_.querySelectorAll(what)];
const form = $('#compose'), text = $('#text');

// The browser's zone and nothing else: times are written by the server.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes('zone=')) document.cookie = `zone=${encodeURIComponent(zone)}; path=/; SameSite=Lax; max-age=31536000`;

const post = (path, fields) => {
  const sent = fields instanceof FormData ? fields : new URLSearchParams(fields);
  sent.set('form_token', data.token ?? '');
  return fetch(prefix + path, { method: 'POST', body: sent, headers: { Accept: 'application/json' } });
};

// More than the server takes is not sent at all: it would refuse the text unread. The rest of a form needs some room too.
const most = Number(data.most ?? 0) - 65536;
const isTooLarge = in_ => most > 0 && $$('input[type=file]', in_).flatMap(one => [...one.files]).reduce((sum, file) => sum + file.size, 0) > most;
const complain = (in_, words) => {
  const box = $('.too-large', in_) ?? document.createElement('p');
  box.className = 'notice error too-large';
  box.setAttribute('role', 'alert');
  box.textContent = words;
  in_.prepend(box);
  box.scrollIntoView({ block: 'nearest' });
};

// One press, one message. The button is off only after the form is on its way, or its name would not be sent.
for (const each of $$('form')) each.addEventListener('submit', event => {
  if (each.dataset.sent) return event.preventDefault();
  if (isTooLarge(each)) return event.preventDefault(), complain(each, data.tooLarge);
  const button = event.submitter;
  if (each.method === 'post') each.dataset.sent = '1';
  each.dataset.leaving = '1';
  setTimeout(() => {
    for (const one of $$('button', each)) one.disabled = true;
    if (button?.matches('#compose .send button') && data.sending) button.textContent = data.sending;
  });
});
addEventListener('pageshow', event => {
  for (const each of $$('form[data-sent]')) {
    delete each.dataset.sent;
    for (const one of $$('button', each)) one.disabled = false;
  }
  // A page from the browser's memory would offer a text that was sent.
  if (event.persisted && form) location.reload();
});

// Undo: how long it still goes.
for (const button of $$('[data-undo][data-until]')) {
  const name = button.textContent, end = Date.now() + button.dataset.until * 1000;
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left <= 0) return button.closest('.notice').remove();
    button.textContent = `${name} (${left})`;
    setTimeout(tick, 250);
  };
  tick();
}

// Selects that act at once.
const properties = $('#properties');
if (properties) {
  $('[data-apply]', properties).classList.add('hidden');
  for (const select of $$('select', properties)) {
    const was = $(`[name="was-${select.name}"]`, properties);
    if (!was) continue;
    let byKey = false;
    select.addEventListener('keydown', event => { byKey = event.key !== 'Enter'; if (event.key === 'Enter') apply(); });
    select.addEventListener('pointerdown', () => { byKey = false; });
    const apply = () => { if (select.value !== was.value) properties.requestSubmit($('[data-apply]', properties)); };
    // With arrow keys one passes over values; it counts when one leaves.
    select.addEventListener('change', () => { if (!byKey) apply(); });
    select.addEventListener('blur', apply);
  }
}

// Lists: tick all, tick a range.
const ticks = $$('.row .tick input');
const all = $('#all');
if (all) {
  all.hidden = false;
  all.addEventListener('change', () => { for (const tick of ticks) tick.checked = all.checked; });
}
let lastTick = -1;
ticks.forEach((tick, n) => tick.addEventListener('click', event => {
  if (event.shiftKey && lastTick >= 0) {
    const [from, to] = [Math.min(n, lastTick), Math.max(n, lastTick)];
    for (let at = from; at <= to; at++) ticks[at].checked = tick.checked;
  }
  lastTick = n;
}));

// Formatted mail: as high as it is.
for (const frame of $$('iframe')) {
  const fit = () => {
    const page = frame.contentDocument?.body;
    // Margins of 8 px above and below, borders, and a scroll bar where lines are wide.
    if (page?.scrollHeight) frame.style.setProperty('block-size', `${Math.min(Math.ceil(page.getBoundingClientRect().height) + 36, 20000)}px`);
  };
  frame.addEventListener('load', () => {
    fit();
    const inside = frame.contentDocument?.body;
    if (inside) new ResizeObserver(fit).observe(inside);
  });
  if (frame.contentDocument?.readyState === 'complete') fit();
}

// Answer or note.
const setKind = kind => {
  form.elements.kind.value = kind;
  form.classList.toggle('note', kind === 'note');
  for (const one of $$('[data-answer]', form)) one.hidden = kind === 'note';
  for (const one of $$('[data-note]', form)) one.hidden = kind !== 'note';
  for (const one of $$('[data-kind]', form)) one.setAttribute('aria-pressed', one.dataset.kind === kind);
};
if (form) for (const button of $$('[data-kind]', form)) button.addEventListener('click', event => {
  event.preventDefault();
  setKind(button.dataset.kind);
  text.focus();
  changed();
});

// Drafts: two seconds after the last key, when one leaves the box, when the page is hidden.
let timer = 0, isDirty = false, isSaving = false;
const saved = $('#saved'), picker = form?.elements.files;
const changed = () => {
  if (!form?.hasAttribute('data-draft')) return;
  isDirty = true;
  clearTimeout(timer);
  timer = setTimeout(save, 2000);
};
async function save() {
  if (!isDirty || isSaving || form.dataset.leaving) return;
  isDirty = false;
  isSaving = true;
  clearTimeout(timer);
  const fields = new FormData(form), sent = picker && !isTooLarge(form) ? [...picker.files] : [];
  if (!sent.length) fields.delete('files');
  fields.set('ticket', data.ticket ?? '');
  try {
    const answer = await post('/staff/drafts', fields);
    const said = await answer.json();
    saved.textContent = [said.saved, said.error].filter(Boolean).join(' ');
    // Another window has sent this form: what is written here is something new.
    if (said.key && !form.dataset.leaving) form.elements.key.value = said.key;
    if (answer.ok && !form.dataset.leaving) keep(said.files, sent);
  } catch {
    isDirty = true;
    saved.textContent = data.offline;
    timer = setTimeout(save, 10000);
  }
  isSaving = false;
  if (isDirty && !timer) changed();
}
if (form?.hasAttribute('data-draft')) {
  form.addEventListener('input', changed);
  text?.addEventListener('blur', save);
  document.addEventListener('visibilitychange', () => { if (document.hidden) leave(); });
  addEventListener('pagehide', leave);
}
// Files that the server has are listed, and no longer chosen.
function keep(files, sent) {
  const list = $('#kept');
  if (!list || !files) return;
  const left = new DataTransfer();
  for (const file of picker.files) if (!sent.includes(file)) left.items.add(file);
  if (sent.length) picker.files = left.files;
  list.hidden = !files.length;
  list.replaceChildren(...files.map(file => {
    const row = document.createElement('li'), name = document.createElement('bdi'), size = document.createElement('span');
    const label = document.createElement('label'), box = document.createElement('input');
    name.textContent = file.name;
    size.textContent = file.size;
    size.className = 'size';
    label.className = 'line';
    Object.assign(box, { type: 'checkbox', name: 'drop', value: file.id });
    label.append(box, list.dataset.leaveOut);
    row.append(name, ' ', size, ' ', label);
    return row;
  }));
}
function leave() {
  if (!isDirty || form.dataset.leaving) return;
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === 'string') fields.append(name, value);
  fields.set('ticket', data.ticket ?? '');
  if (navigator.sendBeacon(prefix + '/staff/drafts', fields)) isDirty = false;
}

// Files by paste and drop go into the file field.
const addFiles = files => {
  if (!picker || !files.length) return;
  const kept = new DataTransfer();
  for (const file of [...picker.files, ...files]) kept.items.add(file);
  picker.files = kept.files;
};
text?.addEventListener('paste', event => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length) { event.preventDefault(); addFiles(files); }
});
form?.addEventListener('dragover', event => { if (event.dataTransfer?.types.includes('Files')) event.preventDefault(); });
form?.addEventListener('drop', event => {
  if (event.dataTransfer?.files.length) { event.preventDefault(); addFiles(event.dataTransfer.files); }
});

// People who are new in To or Cc are marked.
for (const name of ['to', 'cc']) {
  const field = form?.elements[name], first = field?.value;
  field?.addEventListener('input', () => field.classList.toggle('new-person', field.value.trim() !== first.trim()));
}

// Marks, preview and canned responses.
const insert = (before, after = '') => {
  const { selectionStart: from, selectionEnd: to } = text;
  text.setRangeText(before + text.value.slice(from, to) + after, from, to, 'end');
  if (after) text.setSelectionRange(from + before.length, to + before.length);
  text.focus();
  changed();
};
const marks = $('[data-marks]');
if (marks) {
  marks.hidden = false;
  marks.addEventListener('click', async event => {
    const button = event.target.closest('button');
    if (!button) return;
    if (button.dataset.mark) {
      const mark = button.dataset.mark, isLine = mark.endsWith(' ');
      isLine ? insert((text.selectionStart && text.value[text.selectionStart - 1] !== '\n' ? '\n' : '') + mark) : insert(mark, mark);
    } else if ('preview' in button.dataset) {
      const box = $('#preview'), isOn = box.hidden;
      if (isOn) box.innerHTML = (await (await post('/staff/preview', { text: text.value })).json()).html;
      box.hidden = !isOn;
      text.hidden = isOn;
      button.setAttribute('aria-pressed', isOn);
    } else canned();
  });
}
async function canned() {
  const box = $('#canned');
  if (!box.hidden) { box.hidden = true; return text.focus(); }
  const found = await (await fetch(`${prefix}/staff/canned-responses/insert?ticket=${data.ticket ?? ''}`)).json();
  const search = document.createElement('input');
  search.setAttribute('aria-label', $('[data-canned]').textContent);
  const list = document.createElement('div');
  list.className = 'stack';
  const show = () => {
    list.replaceChildren(...found.filter(one => one.title.toLowerCase().includes(search.value.toLowerCase())).map(one => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = one.title;
      button.addEventListener('click', () => { box.hidden = true; insert(one.text); });
      return button;
    }));
  };
  search.addEventListener('input', show);
  search.addEventListener('keydown', event => {
    if (event.key === 'Enter') { event.preventDefault(); $('button', list)?.click(); }
    if (event.key === 'Escape') { box.hidden = true; text.focus(); }
  });
  show();
  box.replaceChildren(search, list);
  box.hidden = false;
  search.focus();
}
text?.addEventListener('keydown', event => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    const wanted = form.elements.kind?.value === 'note' ? 'note' : 'send';
    (form.querySelector(`button[value="${wanted}"]`) ?? form.querySelector('button.primary:not([hidden])'))?.click();
  } else if (event.key === '/' && text.value === '' && marks) {
    event.preventDefault();
    canned();
  } else if (event.key === 'Escape') text.blur();
});

// Asks what is found while something is typed; only the newest answer is shown.
const whileTyped = (field, path, question, show) => {
  let waits = 0, last = '';
  field.addEventListener('input', () => {
    clearTimeout(waits);
    waits = setTimeout(async () => {
      const asked = last = question();
      const found = asked.length < 2 ? {} : await (await fetch(`${path}?q=${encodeURIComponent(asked)}`, { headers: { Accept: 'application/json' } })).json();
      if (asked === last) show(found);
    }, 300);
  });
};
// Articles that may answer.
const subject = $('[data-suggest]');
if (subject) whileTyped(subject, subject.dataset.suggest, () => subject.value.trim(), ({ articles = [] }) => {
  const box = $('#suggested'), list = document.createElement('ul');
  for (const one of articles) {
    const link = document.createElement('a');
    link.href = one.path;
    link.target = '_blank';
    link.textContent = one.title;
    list.append(document.createElement('li'));
    list.lastChild.append(link);
  }
  box.replaceChildren(...(articles.length ? [box.dataset.title, list] : []));
});
// People, behind those that are in the field.
for (const field of $$('[data-people]')) {
  const before = () => field.value.slice(0, Math.max(field.value.lastIndexOf(','), field.value.lastIndexOf(';')) + 1);
  whileTyped(field, field.dataset.people, () => field.value.slice(before().length).trim(), ({ people = [] }) => {
    const front = before();
    field.list.replaceChildren(...people.map(one => new Option('', front && `${front} ${one}` || one)));
  });
}
// Fields of other departments are not asked.
const chosen = $('#compose [name=department]');
if (chosen) {
  const show = () => { for (const one of $$('[data-departments]')) one.hidden = !one.dataset.departments.split(' ').includes(chosen.value); };
  chosen.addEventListener('change', show);
  show();
}

// Live: what changed since this page was made. Every 4 s while it is seen, every 60 s while it is not.
let event_ = Number(data.event ?? 0), misses = 0, pulseTimer = 0;
const seenField = form?.elements.seen;
async function pulse() {
  clearTimeout(pulseTimer);
  const isWriting = document.activeElement === text && text?.value !== '';
  try {
    const answer = await post('/staff/pulse', { event: event_, ticket: data.ticket ?? '', doing: isWriting ? 'writing' : 'reading' });
    if (answer.status === 403) return;
    const said = await answer.json();
    misses = 0;
    $('#offline')?.remove();
    for (const [key, count] of Object.entries(said.counts ?? {})) for (const one of $$(`[data-count="${key}"]`)) one.textContent = count;
    for (const one of $$('[data-presence]')) one.textContent = said.present?.[one.dataset.presence] ?? '';
    const presence = $('#presence');
    if (presence && presence.textContent !== (said.here ?? '')) presence.textContent = said.here ?? '';
    if (said.event > event_) {
      event_ = said.event;
      if (data.page === 'list' && said.changed?.length && !ticks.some(tick => tick.checked)) await refresh('.rows');
      else if (data.page === 'ticket' && said.changed?.includes(Number(data.ticket))) {
        await refresh('#conversation');
        if (seenField) seenField.value = said.event;
      }
    }
  } catch {
    if (++misses >= 3 && !$('#offline')) say(data.offline, 'offline');
  }
  pulseTimer = setTimeout(pulse, document.hidden ? 60000 : 4000);
}
function say(words, id) {
  const box = document.createElement('div');
  box.className = 'notice';
  box.id = id;
  box.textContent = words;
  $('#notices').append(box);
}
// Takes one part of the page anew. Without it before or after, the page is loaded again.
async function refresh(part) {
  const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const [old, fresh] = [$(part), $(part, page)];
  if (!old || !fresh) { if (data.page === 'list') location.reload(); return; }
  if (part === '#conversation') {
    const known = new Set($$('article', old).map(one => one.id)), news = $$('article', fresh).filter(one => !known.has(one.id));
    old.append(...news);
    for (const one of $$('.deliveries', fresh)) {
      const here = document.getElementById(one.closest('article').id);
      $('.deliveries', here)?.replaceWith(one);
    }
    if (news.length) announce(data.new);
  } else {
    const before = $$('.row', old).map(one => one.dataset.ticket).join(), at = $('.row.at')?.dataset.ticket;
    old.replaceWith(fresh);
    if (at) $(`.row[data-ticket="${at}"]`)?.classList.add('at');
    ticks.splice(0, ticks.length, ...$$('.row .tick input'));
    if ($$('.row', fresh).map(one => one.dataset.ticket).join() !== before) announce(data.new);
  }
}
// Long work of the set-up is looked at again until it has ended; then the page is loaded anew, with what came of it.
async function lookAgain() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
    const fresh = $('#errand', new DOMParser().parseFromString(await answer.text(), 'text/html'));
    if (fresh && !('again' in fresh.dataset)) return location.reload();
    if (fresh) $('#errand').replaceWith(fresh);
  } catch { /* It is asked again. */ }
  setTimeout(lookAgain, 2000);
}
if ($('#errand[data-again]')) setTimeout(lookAgain, 1000);

const polite = document.createElement('p');
polite.className = 'hidden';
polite.setAttribute('aria-live', 'polite');
if ($('main')) body.append(polite);
const announce = words => { polite.textContent = ''; setTimeout(() => { polite.textContent = words; }, 100); };
if (data.token && $('.side')) {
  pulseTimer = setTimeout(pulse, 1000);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) pulse(); });
}

// Single keys, off in fields and where a person wants none.
const rows = () => $$('.row');
const go = step => {
  const found = rows(), at = found.findIndex(row => row.classList.contains('at'));
  const next = found[Math.max(0, Math.min(found.length - 1, at + step))];
  found[at]?.classList.remove('at');
  if (!next) return;
  next.classList.add('at');
  $('.what a', next).focus();
};
const press = what => { const found = $(what); if (found) { found.click(); return true; } };
const focus = what => { const found = $(what); if (found) { found.focus(); return true; } };
const withRow = value => {
  const at = $('.row.at .tick input');
  if (at && !ticks.some(tick => tick.checked)) at.checked = true;
  if (ticks.some(tick => tick.checked)) press(`#bulk button[value="${value}"]`);
};
const keys = {
  j: () => go(1), k: () => go(-1),
  x: () => press('.row.at .tick input'),
  X: () => { const found = rows(), at = found.findIndex(row => row.classList.contains('at')); if (at >= 0) for (let n = Math.max(0, Math.min(lastTick, at)); n <= Math.max(lastTick, at); n++) ticks[n].checked = true; },
  Enter: () => press('.row.at .what a'),
  a: () => focus('#properties [name=assignee], #bulk [name=assignee]'),
  t: () => press('button[value="take-one"]') || withRow('take'),
  s: () => focus('#properties [name=status]') || ($('.more') && ($('.more').open = true, focus('#bulk [name=status]'))),
  m: () => focus('#properties [name=department]') || ($('.more') && ($('.more').open = true, focus('#bulk [name=department]'))),
  r: () => form && (setKind('answer'), focus('#text')),
  n: () => form && (setKind('note'), focus('#text')),
  f: () => { const last = $$('.formatted').pop(); if (last) last.open = !last.open; },
  q: () => { for (const one of $$('.quoted')) one.open = !one.open; },
  '/': () => focus('.search input'),
  u: () => press('button[value="unread"]'),
  z: () => { const box = $('#snooze'); if (box) { box.open = true; $('select', box)?.focus(); } },
  '!': () => press('#spam') || withRow('spam'),
  '[': () => press('a[rel=prev]'), ']': () => press('a[rel=next]'),
  Escape: () => press('.back'),
  '?': () => help(),
};
let isAfterG = false;
const views = { i: '/staff/tickets', m: '/staff/tickets/mine', w: '/staff/tickets/answered', o: '/staff/tickets/overdue' };
if (data.keys) document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input,select,textarea,[contenteditable],dialog')) return;
  if (isAfterG && views[event.key]) { location.assign(prefix + views[event.key]); return event.preventDefault(); }
  isAfterG = event.key === 'g';
  if (event.key === 'Enter' && event.target.closest('a,button,summary')) return;
  const act = keys[event.key];
  if (act) { event.preventDefault(); act(); }
});
function help() {
  const box = $('#keys');
  if (box) box.open ? box.close() : box.showModal();
}
