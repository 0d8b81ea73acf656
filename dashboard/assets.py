"""The shipped files as browsers get them: those whose address names their content are kept for good."""

from typing import Any

from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from dashboard.pictures import FOR_EVER


class Assets(StaticFiles):
    """Static files; parts that a script imports by their plain names are asked for anew each time (304 as a rule)."""

    def file_response(self, full_path: Any, stat_result: Any, scope: Scope, status_code: int = 200) -> Response:
        """The answer, with how long it may be kept."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        named = "v" in QueryParams(scope.get("query_string", b""))
        answer.headers["Cache-Control"] = FOR_EVER if named else "no-cache"
        return answer
