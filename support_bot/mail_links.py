"""The pages behind the links of account mails: opening one changes nothing, not even who is signed in."""

from __future__ import annotations

from allauth.account.views import ConfirmEmailView, PasswordResetFromKeyView


class _SignsOutByFormAlone:
    """allauth signs out whoever opens the link of another account; here the form behind it does, when it is sent."""

    def logout(self) -> None:
        if self.request.method == "POST":  # type: ignore[attr-defined]  # the view's
            super().logout()  # type: ignore[misc]  # the view's


class _ConfirmEmail(_SignsOutByFormAlone, ConfirmEmailView):  # type: ignore[misc]  # allauth carries no types
    pass


class _NewPassword(_SignsOutByFormAlone, PasswordResetFromKeyView):  # type: ignore[misc]  # as above
    pass


confirm_email = _ConfirmEmail.as_view()
new_password = _NewPassword.as_view()
