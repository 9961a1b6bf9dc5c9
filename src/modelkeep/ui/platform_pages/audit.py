"""The records of a platform: every write and every refused attempt, the newest first."""

from starlette.responses import Response

from modelkeep.server.audit import Outcome, SearchAudit, search_audit
from modelkeep.ui.listing import ROWS, pages_of
from modelkeep.ui.page import Page
from modelkeep.ui.view import view


@view("/p/{platform}/audit")
async def audit(page: Page) -> Response:
    """Records that are of somebody, of an operation, or about something; all where nothing is asked for."""
    asked = {field: page.asked(field) for field in ("principal", "operation", "subject")}
    outcome = next((known for known in Outcome if known.value == page.asked("outcome")), None)
    answer = await page.call(
        search_audit,
        SearchAudit(
            workspace=page.platform,
            principal=asked["principal"] or None,
            operation=asked["operation"].strip().replace(" ", "_") or None,
            subject=asked["subject"] or None,
            outcome=outcome,
            max_results=ROWS,
            page_token=page.asked("page") or None,
        ),
    )
    return page.render(
        "platform/audit.html",
        place="audit",
        records=answer.records,
        asked=asked,
        outcome=outcome,
        outcomes=list(Outcome),
        pages=pages_of(page, answer.next_page_token),
    )
