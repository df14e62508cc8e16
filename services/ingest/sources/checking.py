"""Whether a source may be as it is asked for: its config by kind, schedule, secret, profile."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlmodel import Session

from services.ingest.profiles.repository import find_by_codes as find_profiles
from services.ingest.sources.secrets import check_secret_ref
from shared.clients.outside_one_select import check_select
from shared.contracts.ingest.source_kinds import CONFIGS
from shared.contracts.ingest.source_kinds.base import SourceConfig, WebConfig
from shared.contracts.ingest.source_kinds.sql import SqlConfig
from shared.contracts.ingest.sources import Schedule, SourceRequest
from shared.errors import RuleBroken
from shared.http.problems import field_errors
from shared.schedules import is_cron, is_zone

NEEDS_A_SECRET = ("basic", "bearer", "header", "oauth2")


def checked(session: Session, request: SourceRequest) -> dict[str, Any]:
    """The config as it is stored, or 422 with what is wrong and where.

    Whether its host or path is allowed is looked at when it is used: the operator may list it
    later, or strike it off.
    """
    config = read_config(request.kind, request.config)
    check_schedule(request.schedule)
    check_secret_ref(request.secret_ref)
    _check_auth(config, request.secret_ref)
    if isinstance(config, SqlConfig):
        check_select(config.query, config.driver)
    if request.profile is not None and not find_profiles(session, [request.profile]):
        raise RuleBroken.at("/profile", "unknown_code", f"there is no profile {request.profile}")
    return config.model_dump(mode="json", exclude_unset=True)


def read_config(kind: str, said: Mapping[str, Any]) -> SourceConfig:
    """The model of a kind; pointers of what is wrong begin with `/config`."""
    model = CONFIGS.get(kind)
    if model is None:
        raise RuleBroken.at("/kind", "kind_not_supported_yet", f"there are no {kind} sources yet")
    try:
        return model.model_validate(said)
    except ValidationError as error:
        found = field_errors(
            [{**each, "loc": ("body", "config", *each["loc"])} for each in error.errors()]
        )
        raise RuleBroken("the config is not valid", code="invalid", errors=found) from error


def check_schedule(schedule: Schedule | None) -> None:
    """422 `bad_cron`, `unknown_timezone`."""
    if schedule is None:
        return
    if not is_cron(schedule.cron):
        raise RuleBroken.at(
            "/schedule/cron", "bad_cron", "five cron fields that come true are needed"
        )
    if not is_zone(schedule.timezone):
        raise RuleBroken.at(
            "/schedule/timezone", "unknown_timezone", "a zone of the IANA data is needed"
        )


def _check_auth(config: SourceConfig, secret_ref: str | None) -> None:
    if not isinstance(config, WebConfig):
        return
    if config.auth.type in NEEDS_A_SECRET and secret_ref is None:
        raise RuleBroken.at("/secret_ref", "missing", f"{config.auth.type} needs a secret")
    if config.auth.type == "none" and secret_ref is not None:
        raise RuleBroken.at("/config/auth", "missing", "say how the secret is to be shown")
