"""The way of a request: path, caller, limits, decoding, the operation in its transaction, the answer."""

import time
from collections.abc import Iterable

import msgspec

from modelkeep.core.clock import now_ms
from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter, unavailable
from modelkeep.core.exchange import Content, Exchange, Post
from modelkeep.core.ids import REQUEST_ID, request_id_source
from modelkeep.core.limits import Limits
from modelkeep.core.operation import Operation, Reach
from modelkeep.core.scope import NO_ACCESS, Access, Dialect, Principal, Scope, Tenancy
from modelkeep.registry.platforms import DEFAULT_PLATFORM
from modelkeep.registry.workspaces import DEFAULT_WORKSPACE
from modelkeep.server.access_log import Entry
from modelkeep.server.authentication import SIGNED, Authenticator, Call, Proof
from modelkeep.server.authorization import Refused, is_refusal
from modelkeep.server.decoding import Decoder
from modelkeep.server.errors import as_api_error, error_answer
from modelkeep.server.execution import Executor
from modelkeep.server.http import JSON, Answer, HttpRequest, PayloadTooLarge, RequestHeaders, read_header
from modelkeep.server.log_in_records import kind_of_credential
from modelkeep.server.observation import Observation
from modelkeep.server.protection import Protection
from modelkeep.server.refusals import Refusals, attempt
from modelkeep.server.retry import RetryToken, read_retry_token
from modelkeep.server.routes import ORACLE_ROOT, Match, Place, Routes
from modelkeep.server.tenants import Tenants
from modelkeep.server.uploads import Upload, check_digest, origin_of

_PLATFORM_HEADER = "x-mlflow-workspace"
_SIGNED = Proof(SIGNED)
_TENANCY_CHANGES = (Reach.SERVER, Reach.PLATFORM)
_encode = msgspec.json.Encoder().encode


class Dispatcher:
    """Answers the requests of the API."""

    def __init__(
        self,
        operations: Iterable[Operation],
        executor: Executor,
        tenants: Tenants,
        authenticator: Authenticator,
        observation: Observation,
        *,
        limits: Limits,
        page_key: bytes,
        max_body_bytes: int,
        max_artifact_bytes: int,
        public_url: str,
        post: Post,
        refusals: Refusals,
        protection: Protection | None = None,
    ) -> None:
        """Without `protection` nothing is refused but by who calls: within a command."""
        declared = list(operations)
        self._routes = Routes(declared)
        self._decoders = {(operation.name, operation.verb): Decoder(operation) for operation in declared}
        self._executor = executor
        self._tenants = tenants
        self._authenticator = authenticator
        self._protection = protection
        self._observation = observation
        self._limits = limits
        self._page_key = page_key
        self._max_body_bytes = max_body_bytes
        self._max_artifact_bytes = max_artifact_bytes
        self._public_url = public_url.rstrip("/")
        self.post = post
        self._refusals = refusals
        self._new_request_id = request_id_source()
        self.draining = False

    async def answer(self, request: HttpRequest) -> tuple[Answer | Content | None, str]:
        """The answer, None where the path is not the API's, and the request id that goes with it."""
        started = time.perf_counter()
        entry = self._observation.begin(request)
        dialect = Dialect.ORACLE if request.path.startswith(ORACLE_ROOT) else Dialect.MLFLOW
        try:
            entry.request_id = self.request_id(request.headers)
            if self._protection is not None:
                self._protection.check(request)
            match = self._routes.match(request.method, request.path)
            if match is None:
                return None, entry.request_id
            answer: Answer | Content = await self._admit(request, match, entry)
        except Exception as error:
            if entry.operation and is_refusal(error):
                await self._note_refused(error, request, entry)
            entry.request_id = entry.request_id or self._new_request_id()
            answer = error_answer(as_api_error(error, entry.request_id), dialect)
        entry.status = answer.status
        entry.ms = (time.perf_counter() - started) * 1000
        self._observation.end(entry)
        return answer, entry.request_id

    async def _note_refused(self, error: Exception, request: HttpRequest, entry: Entry) -> None:
        address = request.client.rpartition(":")[0]
        tenancy = await self._tenants.find(entry.platform, entry.workspace or None) if entry.platform else None
        unknown = isinstance(error, ApiError) and error.kind is ErrorKind.NOT_AUTHENTICATED
        tried = kind_of_credential(request.headers) if unknown else ""
        self._note(error, entry.principal, entry.operation, entry.request_id, address, tenancy, tried)

    async def _admit(self, request: HttpRequest, match: Match, entry: Entry) -> Answer | Content:
        operation, place, parameters = match
        headers = request.headers
        entry.operation = operation.name
        address = request.client.rpartition(":")[0]
        proof = _SIGNED if operation.signed else await self._authenticator.identify(_call(request, match, address))
        principal = proof.principal
        entry.principal = principal.name
        if self._protection is not None:
            self._protection.check_user(principal.name)
        if self.draining:
            raise unavailable("The server is stopping; try again in a moment.")
        tenancy, access = await self._tenancy(operation, principal, place, headers)
        if tenancy is not None:
            entry.platform, entry.workspace = tenancy.platform_key, tenancy.workspace_key or ""
        scope = self._scope(principal, place.dialect, entry.request_id, tenancy, address, access)
        if operation.after is not None:
            if operation.signed:
                # What allows a deed does not belong in a log.
                entry.path = f"{request.path.rpartition('/')[0]}/…"
            return await self._carry(request, match, scope, proof.body_digest)
        body = await self._body(request)
        check_digest(body, proof.body_digest)
        decoder = self._decoders[operation.name, operation.verb]
        decoded = decoder.decode(request.query, body, parameters)
        if not operation.writes:
            return await self._executor.read(operation, scope, decoded)
        token, if_match = read_header(headers, "opc-retry-token"), read_header(headers, "if-match")
        return await self._write(operation, scope, decoded, token, if_match)

    async def _write(
        self, operation: Operation, scope: Scope, request: msgspec.Struct, token: str | None, if_match: str | None
    ) -> Answer:
        retry: RetryToken | None = None
        if token is not None and operation.secret:
            raise invalid_parameter("opc-retry-token", "this has a secret, of which nothing is kept; leave it out.")
        if token is not None:
            retry = read_retry_token(token, operation, scope, request)
        answer = await self._executor.write(operation, scope, request, retry, if_match)
        if operation.reach in _TENANCY_CHANGES:
            self._tenants.forget()
        return answer

    async def enter(
        self, headers: RequestHeaders, request_id: str, address: str, platform: str, workspace: str | None
    ) -> Scope:
        """The context of a caller from within this server; above all platforms where `platform` is ""."""
        if self.draining:
            raise unavailable("The server is stopping; try again in a moment.")
        principal = (await self._authenticator.identify(Call(headers, address, peer=address))).principal
        if not platform:
            return self._scope(principal, Dialect.ORACLE, request_id, None, address, NO_ACCESS)
        tenancy, access = await self._tenants.enter(principal, platform, workspace)
        return self._scope(principal, Dialect.ORACLE, request_id, tenancy, address, access)

    def outside(self, request_id: str, address: str) -> Scope:
        """The context of somebody who is not known, for a page that says so: nothing is allowed in it."""
        return self._scope(Principal(""), Dialect.ORACLE, request_id, None, address, NO_ACCESS)

    async def permitted(self, operation: Operation, scope: Scope, request: msgspec.Struct) -> bool:
        """Whether an operation that is called from within this server would be allowed."""
        return await self._executor.permitted(operation, scope, request)

    async def run(
        self, operation: Operation, scope: Scope, request: msgspec.Struct, retry_token: str | None = None
    ) -> Answer:
        """Do an operation that is called from within this server, as one that came by HTTP is done."""
        decoded = self._decoders[operation.name, operation.verb].decode("", _encode(request), None)
        try:
            if operation.writes:
                return await self._write(operation, scope, decoded, retry_token, None)
            return await self._executor.read(operation, scope, decoded)
        except ApiError as error:
            self._note(error, scope.principal.name, operation.name, scope.request_id, scope.address, scope.tenancy)
            raise

    async def run_on_bytes(
        self, operation: Operation, scope: Scope, request: msgspec.Struct, exchange: Exchange
    ) -> Answer | Content:
        """The same for an operation that lists or reads artifacts."""
        decoded = self._decoders[operation.name, operation.verb].decode("", _encode(request), None)
        try:
            return await self._executor.carry(operation, scope, decoded, exchange)
        except ApiError as error:
            self._note(error, scope.principal.name, operation.name, scope.request_id, scope.address, scope.tenancy)
            raise

    def _note(
        self,
        error: Exception,
        principal: str,
        operation: str,
        request_id: str,
        address: str,
        tenancy: Tenancy | None = None,
        credential: str = "",
    ) -> None:
        """Have a refusal recorded; where a credential was wrong, with the kind of it."""
        if not is_refusal(error):
            return
        tried = attempt(principal, operation, request_id, address)
        if credential:
            tried = tried._replace(subject_kind="credential", subject_name=credential)
        if tenancy is not None:
            tried = tried._replace(platform_id=tenancy.platform, workspace_id=tenancy.workspace)
        if isinstance(error, Refused):
            tried = tried._replace(subject_kind=error.subject_kind, subject_name=error.subject_name[:500])
        self._refusals.note(error, tried)

    def _scope(
        self,
        principal: Principal,
        dialect: Dialect,
        request_id: str,
        tenancy: Tenancy | None,
        address: str,
        access: Access,
    ) -> Scope:
        now = now_ms()
        return Scope(principal, dialect, now, request_id, self._limits, self._page_key, tenancy, address, access)

    async def _carry(
        self, request: HttpRequest, match: Match, scope: Scope, body_digest: str | None
    ) -> Answer | Content:
        """An operation on bytes: its upload is not read here but by the store that keeps it."""
        operation = match.operation
        upload = Upload(request, self._max_artifact_bytes, body_digest)
        try:
            body = b"" if operation.takes_bytes else await self._body(request)
            if not operation.takes_bytes:
                check_digest(body, body_digest)
            decoder = self._decoders[operation.name, operation.verb]
            decoded = decoder.decode(request.query, body, match.parameters)
            origin = self._public_url or origin_of(request)
            exchange = Exchange(
                request.method, scope, request.headers.get, origin, upload.chunks, upload.length, self.post
            )
            return await self._executor.carry(operation, scope, decoded, exchange)
        except Exception:
            if operation.takes_bytes:
                await upload.drain()
            raise

    def request_id(self, headers: RequestHeaders) -> str:
        """The caller's request id, or a new one; raises where the caller's is none."""
        given = read_header(headers, "opc-request-id")
        if given is None:
            return self._new_request_id()
        if not REQUEST_ID.fullmatch(given):
            raise invalid_parameter("opc-request-id", "it must have 1 to 255 letters, digits, underscores and dashes.")
        return given

    async def _tenancy(
        self, operation: Operation, principal: Principal, place: Place, headers: RequestHeaders
    ) -> tuple[Tenancy | None, Access]:
        if operation.reach is Reach.SERVER:
            return None, NO_ACCESS
        named = read_header(headers, _PLATFORM_HEADER)
        if place.platform is not None:
            if named and named.strip() != place.platform:
                raise invalid_parameter(
                    "X-MLFLOW-WORKSPACE",
                    f"{named!r} contradicts the path, which names the platform {place.platform!r}.",
                )
            platform, workspace = place.platform, place.workspace
        else:
            platform, workspace = (named or "").strip() or DEFAULT_PLATFORM, DEFAULT_WORKSPACE
        if operation.signed:
            return await self._tenants.find(platform, workspace), NO_ACCESS
        return await self._tenants.enter(principal, platform, workspace)

    async def _body(self, request: HttpRequest) -> bytes:
        length = request.headers.get("content-length")
        if request.method == "GET" and length is None and "transfer-encoding" not in request.headers:
            return b""
        if length is not None and length.isdecimal() and int(length) > self._max_body_bytes:
            raise PayloadTooLarge
        body = await request.read_body(self._max_body_bytes)
        if body:
            content_type = request.headers.get("content-type")
            if content_type is not None and content_type.partition(";")[0].strip().lower() != JSON:
                raise ApiError(
                    ErrorKind.CANNOT_PARSE,
                    f"The request cannot be read: its content type must be {JSON}, not {content_type[:80]!r}.",
                )
        return body


def _call(request: HttpRequest, match: Match, address: str) -> Call:
    rest = ""
    if match.operation.takes_rest and match.parameters:
        rest = next(reversed(match.parameters.values()))
    connection = request.connection
    authority, peer = (connection.authority, connection.client) if connection is not None else (None, "")
    peer = peer.rpartition(":")[0]
    return Call(request.headers, address, request.method, request.path, request.query, rest, authority, peer)
