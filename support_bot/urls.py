"""Every address of the product (websockets: asgi.py)."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from support_bot import accounts, health, pages, verify
from support_bot.chat import views

# Staff sign in on the same page as everybody else: one place for limits, and later for a second factor.
admin.site.site_header = "support_bot"
admin.site.site_title = "support_bot staff"
admin.site.index_title = "Requests, conversations and records"
admin.site.login = views.admin_login  # type: ignore[method-assign]  # before its urls are read

urlpatterns = [
    path("", pages.landing, name="landing"),
    path("track/", pages.track, name="track"),
    path("chat/", views.current, name="chat"),
    path("chat/new/", views.new, name="chat_new"),
    path("chat/<uuid:conversation_id>/", views.conversation, name="conversation"),
    path("accounts/verify-change/<str:token>/", verify.verify_change, name="verify_change"),
    path("accounts/email/", accounts.email, name="account_email"),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
]
