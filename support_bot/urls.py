"""Every address of the product (websockets: asgi.py)."""

from __future__ import annotations

from allauth.mfa.totp.views import activate_totp
from csp.decorators import csp_update
from django.contrib import admin
from django.urls import include, path, re_path

from support_bot import accounts, health, mail_links, pages, staff_admin, status, verify
from support_bot.chat import views

# Staff sign in on the same page as everybody else: one place for limits and the second factor.
admin.site.site_header = "support_bot"
admin.site.site_title = "support_bot staff"
admin.site.index_title = "Requests, conversations and records"
admin.site.login = views.admin_login  # type: ignore[method-assign]  # before its urls are read
staff_admin.register()

urlpatterns = [
    path("", pages.landing, name="landing"),
    path("track/", pages.track, name="track"),
    path("chat/", views.current, name="chat"),
    path("chat/new/", views.new, name="chat_new"),
    path("chat/<uuid:conversation_id>/", views.conversation, name="conversation"),
    path("accounts/verify-change/<str:token>/", verify.verify_change, name="verify_change"),
    path("accounts/email/", accounts.email, name="account_email"),
    path("accounts/email/confirm/", accounts.confirm_email, name="account_email_confirm"),
    re_path(r"^accounts/confirm-email/(?P<key>[-:\w]+)/$", mail_links.confirm_email, name="account_confirm_email"),
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        mail_links.new_password,
        name="account_reset_password_from_key",
    ),
    # The picture of the secret is the one image of the product that is no file.
    path("accounts/2fa/totp/activate/", csp_update({"img-src": ["data:"]})(activate_totp)),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.admin_view(status.index)),
    path("admin/", admin.site.urls),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
]

handler500 = "support_bot.outage.failed"
handler429 = "support_bot.pages.too_many"
