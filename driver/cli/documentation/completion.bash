# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of virtsev for bash. Commands and options are those of --help, so that this file need not know them.
_virtsev() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} word help
  local -a path=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word != -* ]] || break
    path+=("$word")
    # One subcommand, and one more below platform; what follows is no command.
    [[ ${#path[@]} -eq 1 && $word == platform ]] || break
  done
  case $previous in
    --vmsa)
      mapfile -t COMPREPLY < <(compgen -W 'init2 legacy' -- "$current")
      return
      ;;
    --out | --into | --separate | --dump | --svg | --against | --device | --session | --cek | --platform | --tik | --tek)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
  esac
  help=$("${COMP_WORDS[0]}" "${path[@]}" --help 2>/dev/null) || return
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(grep -oE '^ +(-h,)?--[a-z-]+' <<<"$help" | grep -oE -- '--[a-z-]+')" -- "$current")
    return
  fi
  mapfile -t COMPREPLY < <(compgen -W "$(sed -n '/^Subcommands:/,/^$/s/^  \([a-z]\+\) .*/\1/p' <<<"$help")" -- "$current")
  [[ ${#COMPREPLY[@]} -gt 0 ]] || mapfile -t COMPREPLY < <(compgen -f -- "$current")
}
complete -o filenames -F _virtsev virtsev
