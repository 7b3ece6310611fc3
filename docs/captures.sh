#!/usr/bin/env bash
# Writes docs/terminal.md again: what the terminal shows at 80 and 140 columns, taken from a terminal (tmux) on a desk of the
# example mails. The program is the first argument.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=$(realpath "${1:-target/debug/maildesk}")
export TERM=xterm-256color LC_ALL=C.UTF-8
unset TMUX
work=$(mktemp -d)
socket=maildesk-captures-$$
trap 'tmux -L "$socket" kill-server 2>/dev/null; rm -rf "$work"' EXIT
"$program" --quiet admin demo --once --dir "$work/desk" >/dev/null
desk=(--db "$work/desk/maildesk.db")
printf 'a long password\n' | "$program" "${desk[@]}" --quiet admin staff add sam --name "Sam Poe" --email sam@example.org --role admin \
  --department 1 --password-stdin >/dev/null
"$program" "${desk[@]}" --quiet admin ticket assign 1 sam >/dev/null
"$program" "${desk[@]}" --quiet admin ticket priority 2 3 >/dev/null
# The command's name is what a reader would type.
mkdir "$work/bin" && printf '#!/bin/sh\nexec %q --db %q "$@"\n' "$program" "$work/desk/maildesk.db" >"$work/bin/maildesk"
chmod 755 "$work/bin/maildesk"

capture() {
  local columns=$1 rows=$2 command=$3
  tmux -L "$socket" -f /dev/null new-session -d -s one -x "$columns" -y "$rows" \
    "PATH=$work/bin:\$PATH PAGER=cat NO_COLOR=1 TZ=UTC $command; touch $work/done; sleep 60"
  # A full screen stays until a key ends it: its last line says that it is drawn.
  for _ in {1..100}; do
    if [[ -e $work/done ]] || tmux -L "$socket" capture-pane -p -t one | grep -q '? shows the keys'; then break; fi
    sleep 0.1
  done
  tmux -L "$socket" capture-pane -p -t one | sed -e 's/[[:space:]]*$//' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
  tmux -L "$socket" kill-session -t one
  rm -f "$work/done"
}

{
  echo '# What the terminal shows'
  echo
  echo 'Taken from a terminal by `docs/captures.sh`.'
  for columns in 80 140; do
    printf '\n## %s columns\n\n' "$columns"
    for command in "maildesk admin ticket list" "maildesk admin ticket show 2" "maildesk admin inbox --staff sam"; do
      printf '`%s`:\n\n```text\n' "$command"
      # The inbox fills its screen.
      rows=40
      if [[ $command == *inbox* ]]; then rows=15; fi
      capture "$columns" "$rows" "$command"
      printf '```\n\n'
    done
  done
} >docs/terminal.md.new
sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' docs/terminal.md.new >docs/terminal.md
rm -f docs/terminal.md.new
