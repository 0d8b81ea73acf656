"""The store of tokens: made, listed, revoked; every act enters the audit chain in the same transaction."""

import time
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from job_repository.record import audit
from job_repository.record.models import TokenRow
from job_repository.record.store import Record
from labrelay.access.tokens import fresh_token
from labrelay.contracts.access import KnownToken, NewToken, Roll, Token, TokenDraft
from labrelay.errors import NotFound

DAY_NS: Final = 86_400 * 10**9
USED_EVERY_NS: Final = 60 * 10**9
"""When a token was used is written this seldom."""
COLUMNS: Final = TokenRow.__table__.c


class Tokens:
    """Tokens in the record.

    Args:
        record: the database.
        chain: its audit.
    """

    def __init__(self, record: Record, chain: audit.Audit) -> None:
        self._record = record
        self._audit = chain

    def create(self, draft: TokenDraft, actor: str) -> NewToken:
        """Make one; its text is told here and kept nowhere."""
        secret, now = fresh_token(), time.time_ns()
        token = Token(
            id=secret.id,
            role=draft.role,
            subject=draft.subject,
            created_ns=now,
            created_by=actor,
            expires_ns=None if draft.days is None else now + int(draft.days * DAY_NS),
        )
        act = audit.Act("token_created", actor, token.id, token.model_dump(mode="json", include={"role", "subject"}))
        with self._record.write() as connection:
            same = (COLUMNS.role == draft.role.value) & (COLUMNS.subject == draft.subject)
            ended = _revoke(connection, same, actor) if draft.replace else []
            connection.execute(insert(TokenRow).values(**token.model_dump(mode="json"), sha256=secret.sha256))
            head = audit.append(connection, [*ended, act])
        self._audit.sign(head)
        return NewToken(token=token, text=secret.text)

    def all(self) -> list[Token]:
        """Every token that was ever given out, oldest first."""
        with self._record.read() as connection:
            rows = connection.execute(select(*COLUMNS).order_by(COLUMNS.created_ns, COLUMNS.id))
            return [_token(dict(row._mapping)) for row in rows]  # noqa: SLF001 - SQLAlchemy's public way to a row's names

    def revoke(self, token_id: str, actor: str) -> Token:
        """End one; to repeat it changes nothing.

        Raises:
            NotFound: there is none.
        """
        with self._record.write() as connection:
            head = audit.append(connection, _revoke(connection, COLUMNS.id == token_id, actor))
        self._audit.sign(head)
        for token in self.all():
            if token.id == token_id:
                return token
        raise NotFound(f"There is no token {token_id}.", next_step="`labrelay token list` shows them.")

    def roll(self, used: Mapping[str, int]) -> Roll:
        """All that hold now; when others were used is noted on the way."""
        now = time.time_ns()
        holds = COLUMNS.revoked_ns.is_(None) & or_(COLUMNS.expires_ns.is_(None), COLUMNS.expires_ns > now)
        wanted = ("id", "sha256", "role", "subject", "expires_ns", "used_ns")
        with self._record.read() as connection:
            rows = connection.execute(select(*(COLUMNS[name] for name in wanted)).where(holds)).all()
        self._note([row.id for row in rows if used.get(row.id, 0) > (row.used_ns or 0) + USED_EVERY_NS], used)
        known = [dict(zip(wanted[:-1], row[:-1], strict=True)) for row in rows]
        return Roll(tokens=tuple(KnownToken.model_validate(each) for each in known))

    def _note(self, token_ids: list[str], used: Mapping[str, int]) -> None:
        if not token_ids:
            return
        with self._record.write() as connection:
            for token_id in token_ids:
                connection.execute(update(TokenRow).where(COLUMNS.id == token_id).values(used_ns=used[token_id]))


def _revoke(connection: Connection, which: ColumnElement[bool], actor: str) -> list[audit.Act]:
    ended = connection.scalars(select(COLUMNS.id).where(which, COLUMNS.revoked_ns.is_(None))).all()
    values = {"revoked_ns": time.time_ns(), "revoked_by": actor}
    connection.execute(update(TokenRow).where(COLUMNS.id.in_(ended)).values(values))
    return [audit.Act("token_revoked", actor, token_id, {}) for token_id in ended]


def _token(row: Mapping[str, Any]) -> Token:
    return Token.model_validate({name: value for name, value in row.items() if name != "sha256"})
