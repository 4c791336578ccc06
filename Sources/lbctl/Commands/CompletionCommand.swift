import Model

/// `lbctl completion`: what makes shells complete the words of `lbctl`.
///
/// The scripts only ask: what fits is worked out here, by the same table of commands for every shell.
enum CompletionCommand {
    static let command = Command(
        group: .tool,
        name: "completion",
        actions: [
            Command.Action("bash", summary: "the script for bash"),
            Command.Action("zsh", summary: "the script for zsh"),
            Command.Action("fish", summary: "the script for fish"),
            Command.Action(
                "words",
                "[WORD...]",
                count: 0...Int.max,
                summary: "what may stand in the place of the last WORD"
            ),
        ],
        summary: "the script that makes bash, zsh or fish complete lbctl",
        details: [
            "Commands, flags and their values are completed, and the names of backends and",
            "pools as the running lbd has them.",
        ],
        examples: [
            Command.Example("source <(lbctl completion bash)", "in ~/.bashrc"),
            Command.Example("source <(lbctl completion zsh)", "in ~/.zshrc, after compinit"),
            Command.Example("lbctl completion fish > ~/.config/fish/completions/lbctl.fish"),
        ],
        work: .local { invocation, session throws(Failure) in
            switch invocation.action {
            case "bash": session.stdout.write(bash)
            case "zsh": session.stdout.write(zsh)
            case "fish": session.stdout.write(fish)
            default:
                for candidate in Completion(invocation.operands).candidates(session) {
                    let help = candidate.help.isEmpty ? "" : "\t" + candidate.help
                    session.stdout.line(visible(candidate.word) + help)
                }
            }
            return .done
        }
    )

    /// Stands alone where the shell should offer files.
    static let files = ":files"

    private static let bash = #"""
        # lbctl for bash: source <(lbctl completion bash)
        _lbctl() {
            local line=${COMP_LINE:0:COMP_POINT} words=() current word
            read -ra words <<<"$line"
            [[ $line == *[[:space:]] ]] && words+=("")
            current=${words[${#words[@]} - 1]}
            COMPREPLY=()
            compopt +o nospace 2>/dev/null
            while IFS=$'\t' read -r word _; do
                if [[ $word == ":files" ]]; then
                    compopt -o default 2>/dev/null
                    COMPREPLY=()
                    return
                fi
                # Bash has split the word at these signs and replaces only what follows the last of them.
                [[ $current == *[=:]* ]] && word=${word#"${current%"${current##*[=:]}"}"}
                [[ $word == *= ]] && compopt -o nospace 2>/dev/null
                COMPREPLY+=("$word")
            done < <("${words[0]}" completion words -- "${words[@]:1}" 2>/dev/null)
        }
        complete -F _lbctl lbctl

        """#

    private static let zsh = #"""
        #compdef lbctl
        # lbctl for zsh: source <(lbctl completion zsh), after compinit
        _lbctl() {
            local line word help
            local -a lines whole open
            lines=("${(@f)$("$words[1]" completion words -- "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
            if [[ $lines[1] == ":files" ]]; then
                _files
                return
            fi
            for line in $lines; do
                [[ -n $line ]] || continue
                word=${line%%$'\t'*}
                help=${line#$word}
                help=${help#$'\t'}
                if [[ $word == *= ]]; then
                    open+=("${word//:/\\:}:$help")
                else
                    whole+=("${word//:/\\:}:$help")
                fi
            done
            (( $#whole )) && _describe -t words 'lbctl' whole
            (( $#open )) && _describe -t keys 'lbctl' open -S ''
        }
        if [[ $funcstack[1] == _lbctl ]]; then
            _lbctl "$@"
        else
            compdef _lbctl lbctl
        fi

        """#

    private static let fish = #"""
        # lbctl for fish: lbctl completion fish > ~/.config/fish/completions/lbctl.fish
        function __lbctl_words
            set -l before (commandline -opc)
            set -l current (commandline -ct)
            set -l lines ($before[1] completion words -- $before[2..-1] "$current" 2>/dev/null)
            if test "$lines[1]" = ":files"
                __fish_complete_path "$current"
                return
            end
            string join \n -- $lines
        end
        complete -c lbctl -e
        complete -c lbctl -f -a '(__lbctl_words)'

        """#
}
