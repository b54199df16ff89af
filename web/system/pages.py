"""The System pages together: one blueprint that holds one for each subject, and the way between them."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, request
from flask_babel import lazy_gettext as _l

from web.rights import find_right, may
from web.system import audit, connections, features, figures, ingestion, jobs, overview, quarantine

system = Blueprint("system", __name__, url_prefix="/system")
for subject in (overview, ingestion, quarantine, jobs, connections, features, audit):
    system.register_blueprint(subject.pages)
for show in (figures.size, figures.duration, figures.share):
    system.add_app_template_filter(show)


@dataclass(frozen=True)
class Tab:
    """One of the System pages, shown to whoever has the right of its endpoint."""

    endpoint: str
    label: Any


TABS = (
    Tab("system.overview.show", _l("Services")),
    Tab("system.ingestion.show", _l("Ingestion")),
    Tab("system.quarantine.list_all", _l("Quarantine")),
    Tab("system.jobs.list_all", _l("Jobs")),
    Tab("system.connections.show", _l("Connections")),
    Tab("system.features.list_all", _l("Features")),
    Tab("system.audit.list_all", _l("Audit")),
)


@system.context_processor
def list_tabs() -> dict[str, Any]:
    """The tabs for the templates, as far as rights go; none before it is known who asks."""
    user = g.get("user")
    here = (request.endpoint or "").rpartition(".")[0]
    return {
        "tabs": [tab for tab in TABS if user and may(user.role, find_right(tab.endpoint) or "")],
        "is_here_tab": lambda tab: tab.endpoint.rpartition(".")[0] == here,
    }
