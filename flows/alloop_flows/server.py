"""Prefect's server of one machine, with its own SQLite file and one connection to it.

Prefect's server opens several connections to SQLite, which then refuse one another ("database is locked"); each refusal
costs a client two to six seconds. With one connection its requests take turns of milliseconds instead.
"""

from __future__ import annotations

import sys
from typing import Any

from sqlalchemy.dialects import plugins
from sqlalchemy.engine import CreateEnginePlugin
from sqlalchemy.engine.url import URL

PLUGIN = "alloop.one_connection"


class OneConnection(CreateEnginePlugin):
    """Gives an engine a pool of one connection: `?plugin=alloop.one_connection` in its URL."""

    def update_url(self, url: URL) -> URL:
        """The URL without this plugin's name."""
        return url.difference_update_query(["plugin"])

    def handle_pool_kwargs(self, pool_cls: Any, pool_args: dict[str, Any]) -> None:
        """Allow one connection, for which others wait."""
        pool_args.update(pool_size=1, max_overflow=0, timeout=60)


def main() -> None:
    """Serve on 127.0.0.1 at the port given as argument until told to stop."""
    import uvicorn

    plugins.register(PLUGIN, __name__ if __name__ != "__main__" else "alloop_flows.server", "OneConnection")
    uvicorn.run(
        "prefect.server.api.server:create_app",
        factory=True,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        timeout_keep_alive=5,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
