# One key store of this desktop for the real programs and ours; run it in a session bus of its own:
#
#     dbus-run-session -- sh keyring.sh FOLDER FAKE_URL USERNAME PASSWORD PYTHON OUR_PROGRAMS
#
# Says which step fails. Sessions are new for each sign-in, so that the password is needed.
set -u
folder=$1 fake=$2 user=$3 password=$4 python=$5 ours=$6
launch=$(dirname "$0")/launch.py
export HOME="$folder" TMPDIR="$folder" XDG_DATA_HOME="$folder/data" XDG_RUNTIME_DIR="$folder/run" NO_PROXY='*'
export PYTHON_KEYRING_BACKEND=keyring.backends.SecretService.Keyring
export ICLOUDPD_AUTH_ENDPOINT="$fake" ICLOUDPD_SETUP_ENDPOINT="$fake" ICLOUDPD_COOKIE_DIRECTORY="$folder/icloud"
mkdir -p "$XDG_DATA_HOME" "$XDG_RUNTIME_DIR" && chmod 700 "$XDG_RUNTIME_DIR" && cd "$folder" || exit 1

step() {
    name=$1 answer=$2
    shift 2
    printf '%s' "$answer" | setsid --wait "$@" >last.log 2>&1 || { echo "$name"; cat last.log; exit 1; }
}

printf unlock | gnome-keyring-daemon --unlock --components=secrets >daemon.log 2>&1 || { cat daemon.log; exit 1; }
yes='y
'
step "theirs stores" "$yes" "$python" -B "$launch" "$fake" icloud --username "$user" --password "$password"
step "ours reads what theirs stored" "" "$ours/icloudpd" --username "$user" --auth-only --cookie-directory one
step "ours deletes what theirs stored" "" "$ours/icloud" --username "$user" --delete-from-keyring
if setsid --wait "$ours/icloudpd" --username "$user" --auth-only --cookie-directory two </dev/null >last.log 2>&1; then
    echo "the password is still there"
    exit 1
fi
step "ours stores" "$yes" "$ours/icloud" --username "$user" --password "$password"
step "theirs reads what ours stored" "" "$python" -B "$launch" "$fake" icloudpd --username "$user" --auth-only --cookie-directory three
step "ours reads what ours stored" "" "$ours/icloudpd" --username "$user" --auth-only --cookie-directory four
