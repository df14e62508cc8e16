"""`/v1/me`: who am I."""

from fastapi import APIRouter

from shared.auth import OWN_PART, CallerDep, Needs
from shared.contracts.jobs import CallerAnswer
from shared.http.language import LanguageDep
from shared.http.routing import new_router


def me_router(service: str) -> APIRouter:
    """For every caller."""
    router = new_router("/v1/me", "callers", [Needs(f"{service}:read"), OWN_PART])

    @router.get("", summary="Who am I", operation_id="get_me")
    def get_me(caller: CallerDep, language: LanguageDep) -> CallerAnswer:
        """The caller as the service sees it."""
        return CallerAnswer(
            subject=caller.subject,
            scopes=sorted(caller.scopes),
            consumers=None if caller.consumers is None else list(caller.consumers),
            expires_at=caller.expires_at,
            language=language,
        )

    return router
