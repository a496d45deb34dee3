"""Where staff read a conversation and answer in it. What was said is never edited or deleted here."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from support_bot.chat import handoff, log
from support_bot.chat.models import Conversation, Feedback
from tools.textview import visible
from tracking.look_only import LookOnly

# Messages shown on the page, the newest ones.
SHOWN = 200


@admin.register(Conversation)
class ConversationAdmin(LookOnly):
    """The list shows who waits for a person; the page behind a row is the transcript with a reply box."""

    list_display = ("id", "who", "mode", "last_seq", "created_at")
    list_filter = ("mode",)
    search_fields = ("id", "customer__name", "customer__email")
    list_select_related = ("customer",)
    ordering = ("-created_at",)
    show_full_result_count = False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may answer customers; nothing else of a conversation can be changed."""
        return request.user.has_perm("chat.change_conversation")

    @admin.display(description="customer", ordering="customer__name")
    def who(self, conversation: Conversation) -> str:
        return visible(conversation.customer.name)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        return super().get_queryset(request).select_related("customer")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """GET: the transcript. POST `text`: answer as staff; `hand_back`: let the assistant answer again."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        conversation = self.get_object(request, object_id)
        if conversation is None:
            raise Http404
        if request.method == "POST":
            return self._answer(request, conversation)
        context = self.admin_site.each_context(request) | {
            "title": f"Conversation with {visible(conversation.customer.name)}",
            "opts": self.opts,
            "conversation": conversation,
            "customer": conversation.customer,
            "mode": conversation.mode,
            "mode_label": Conversation.Mode(conversation.mode).label,
            "may_reply": self.has_change_permission(request),
            "max_chars": settings.MAX_MESSAGE_CHARS,
            "events": [
                line | {"text": visible(line["text"], keep_lines=True)}
                for line in log.last_messages(conversation_id=conversation.pk, limit=SHOWN)
            ],
        }
        return render(request, "admin/chat/conversation/talk.html", context)

    def _answer(self, request: HttpRequest, conversation: Conversation) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        text = request.POST.get("text", "").replace("\0", "").strip()
        if "hand_back" in request.POST:
            handoff.hand_back(conversation_id=conversation.pk)
            messages.success(request, "The assistant answers again.")
        elif not text:
            messages.error(request, "Write a message first.")
        elif len(text) > settings.MAX_MESSAGE_CHARS:
            messages.error(request, f"A message may have {settings.MAX_MESSAGE_CHARS} characters at most.")
        elif conversation.mode == Conversation.Mode.BOT:
            messages.error(
                request, "The assistant is answering here. Staff answer when the customer asks for a person."
            )
        else:
            handoff.staff_message(conversation_id=conversation.pk, text=text)
        return redirect(request.path)


@admin.register(Feedback)
class FeedbackAdmin(LookOnly):
    list_display = ("conversation", "seq", "rating", "said", "created_at")
    list_filter = ("rating",)
    list_select_related = ("conversation",)
    ordering = ("-created_at",)
    exclude = ("comment",)
    readonly_fields = ("said",)

    @admin.display(description="comment")
    def said(self, feedback: Feedback) -> str:
        return visible(feedback.comment)
