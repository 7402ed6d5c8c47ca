"""One process begins to sign in, another one answers the challenge: for a server whose users type codes in a browser."""

from __future__ import annotations

import pickle

from guest import account
from icloud_photos import Challenge, Client


def main() -> None:
    with account() as who:
        login = Client(**who.options).login(who.name, who.password())
        if not isinstance(login, Challenge):
            print("no code was needed")
            return
        login.request_push()
        # A secret: whoever has it and the code is signed in. Keep it as you keep passwords.
        saved = pickle.dumps(login.to_saved())

        # The other process needs nothing of the above but `saved`.
        challenge = Client(**who.options).resume(pickle.loads(saved))
        print(f"signed in as {challenge.submit(who.code()).account}")


if __name__ == "__main__":
    main()
