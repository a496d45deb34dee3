"""The application a server runs: http by Django, websockets by the chat, and what lives as long as the process."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support_bot.settings")

from django.core.asgi import get_asgi_application

http = get_asgi_application()

# Everything below needs the models that the line above has loaded.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.sessions import CookieMiddleware, SessionMiddleware  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import re_path  # noqa: E402

from support_bot.chat.consumers import ChatConsumer, NoSuchPath  # noqa: E402
from support_bot.edge import BodyLimit, KnownHost, KnownOrigin, TrustedProxy  # noqa: E402
from support_bot.handshakes import TellRefused  # noqa: E402
from support_bot.headers import SafeHeaders  # noqa: E402
from support_bot.lifespan import Lifespan  # noqa: E402
from support_bot.request_ids import RequestIds  # noqa: E402

websocket = KnownOrigin(
    KnownHost(
        CookieMiddleware(
            SessionMiddleware(
                URLRouter(
                    [
                        re_path(r"^ws/chat/(?P<conversation_id>[^/]*)/$", ChatConsumer.as_asgi()),
                        re_path(r"", NoSuchPath.as_asgi()),
                    ]
                )
            )
        ),
        allowed=settings.ALLOWED_HOSTS,
    ),
    allowed=settings.ALLOWED_ORIGINS,
)
pages = SafeHeaders(
    BodyLimit(http, most=settings.HTTP_MAX_BYTES),
    static_url=settings.STATIC_URL,
    hsts=settings.HSTS,
    policy=not settings.DEBUG,
)
application = Lifespan(
    TrustedProxy(
        RequestIds(
            ProtocolTypeRouter({"http": pages, "websocket": TellRefused(websocket)}), proxies=settings.TRUSTED_PROXIES
        ),
        proxies=settings.TRUSTED_PROXIES,
    )
)
