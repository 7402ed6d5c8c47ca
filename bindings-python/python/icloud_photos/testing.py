"""A fake iCloud on your own machine, for tests of what you write. Nothing of it is sent anywhere."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from . import _native
from ._async._client import AsyncClient
from ._async._login import AsyncChallenge
from ._async._session import AsyncSession
from ._models import Endpoints
from ._sync._client import Client
from ._sync._login import Challenge
from ._sync._session import Session

__all__ = ["FakeICloud"]


class FakeICloud:
    """Speaks Apple's protocol on a port of loopback, until it is closed. A context manager.

    Args:
        assets: How many assets the library holds.
        profile: ``plain``: JPEGs of one size, without albums. ``everyday``: every kind of asset and album that a healthy library has.
            ``wild``: damaged records, unknown types and stale checksums among them.
        file_size: Bytes of every photo of a plain library.
        big_file: Bytes of one more photo of a plain library.
        seed: What the library, tokens and codes follow from.
        state: What state the account is in: ``two-factor``, ``password-only``, ``locked``, ``terms``, ``adp``, ...
        username: The Apple ID.
        password: Its password.
        code: The code of every push and message; random ones if None.
        account: More about the account, by its members' names.
        faults: What goes wrong: a script of faults.
        library: The assets one by one, in place of ``assets`` and ``profile``.

    Raises:
        ValueError: There is no such profile, state, member or fault.
    """

    def __init__(
        self,
        *,
        assets: int = 25,
        profile: str = "plain",
        file_size: int = 100_000,
        big_file: int | None = None,
        seed: int = 1,
        state: str = "two-factor",
        username: str | None = None,
        password: str | None = None,
        code: str | None = None,
        account: dict[str, Any] | None = None,
        faults: Any = None,
        library: list[dict[str, Any]] | None = None,
    ) -> None:
        self._native = _native.Fake(
            assets=assets,
            profile=profile,
            file_size=file_size,
            big_file=big_file,
            seed=seed,
            state=state,
            username=username,
            password=password,
            code=code,
            account=None if account is None else json.dumps(account),
            faults=None if faults is None else json.dumps(faults),
            library=None if library is None else json.dumps(library),
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._native.url

    @property
    def endpoints(self) -> Endpoints:
        """What a client is given to talk to it."""
        return Endpoints(auth=self.url, setup=self.url)

    @property
    def username(self) -> str:
        """The Apple ID of its account."""
        return self._native.username

    @property
    def password(self) -> str:
        """The password of its account."""
        return self._native.password

    def code(self) -> str:
        """The code that the account's devices show now.

        Raises:
            LookupError: They show none: nobody has asked for one.
        """
        for username, code in reversed(self._native.codes()):
            if username == self.username:
                return code
        raise LookupError("no code is shown; ask for one by request_push() or send_code()")

    def sign_in(self, client: Client | None = None) -> Session:
        """A session of its account."""
        login = (client or Client(endpoints=self.endpoints)).login(self.username, self.password)
        if isinstance(login, Challenge):
            login.request_push()
            login = login.submit(self.code())
        assert isinstance(login, Session)
        return login

    async def sign_in_async(self, client: AsyncClient | None = None) -> AsyncSession:
        """The same for asyncio."""
        login = await (client or AsyncClient(endpoints=self.endpoints)).login(self.username, self.password)
        if isinstance(login, AsyncChallenge):
            await login.request_push()
            login = await login.submit(self.code())
        assert isinstance(login, AsyncSession)
        return login

    def get(self, switch: str) -> Any:
        """What a switch of the fake says, such as ``counters`` or ``truth``."""
        return self._ask("GET", switch, None)

    def post(self, switch: str, body: Any = None) -> Any:
        """Moves a switch of the fake: ``expire?what=sessions``, ``faults``, ``mutate``, ..."""
        return self._ask("POST", switch, body)

    def _ask(self, method: str, switch: str, body: Any) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/fake/{switch}", data=data if method == "POST" else None, method=method)
        # No proxy is asked for what is on this machine.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None

    def close(self) -> None:
        """Ends it."""
        self._native.close()

    def __enter__(self) -> FakeICloud:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
