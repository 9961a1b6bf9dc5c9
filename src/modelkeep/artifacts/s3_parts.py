"""Uploads in parts straight to S3: the client sends the parts there, and S3 joins them.

obstore signs no URL that has a query, which a part's must have, so botocore does. It is installed by the extra `s3`;
without it clients send files through this server.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from modelkeep.artifacts.incoming import UPLOAD_SECONDS
from modelkeep.artifacts.paths import join
from modelkeep.artifacts.store import Part, StartedUpload, no_such_upload
from modelkeep.core.errors import invalid_parameter

T = TypeVar("T")


class S3Client:
    """A connection to one bucket, made when it is first used."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket

    @cached_property
    def calls(self) -> Any:
        import botocore.session
        from botocore.config import Config

        config = Config(signature_version="s3v4", retries={"mode": "standard"})
        return botocore.session.get_session().create_client("s3", config=config)


class S3Parts:
    """Uploads below one prefix of a bucket."""

    def __init__(self, client: S3Client, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    async def start(self, path: str, count: int) -> StartedUpload:
        def work() -> StartedUpload:
            where = self._where(path)
            upload_id: str = self._client.calls.create_multipart_upload(**where)["UploadId"]
            urls = [
                self._client.calls.generate_presigned_url(
                    "upload_part",
                    Params={**where, "UploadId": upload_id, "PartNumber": number},
                    ExpiresIn=UPLOAD_SECONDS,
                )
                for number in range(1, count + 1)
            ]
            return StartedUpload(upload_id, urls)

        return await _on_thread(work, "")

    async def complete(self, path: str, upload_id: str, parts: Sequence[Part]) -> None:
        def work() -> None:
            listed = [{"PartNumber": part.part_number, "ETag": part.etag or ""} for part in parts]
            self._client.calls.complete_multipart_upload(
                **self._where(path), UploadId=upload_id, MultipartUpload={"Parts": listed}
            )

        await _on_thread(work, upload_id)

    async def abort(self, path: str, upload_id: str) -> None:
        def work() -> None:
            self._client.calls.abort_multipart_upload(**self._where(path), UploadId=upload_id)

        await _on_thread(work, upload_id)

    def _where(self, path: str) -> dict[str, str]:
        return {"Bucket": self._client.bucket, "Key": join(self._prefix, path)}


async def _on_thread(work: Callable[[], T], upload_id: str) -> T:
    from botocore.exceptions import ClientError

    try:
        return await asyncio.to_thread(work)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code == "NoSuchUpload":
            raise no_such_upload(upload_id) from None
        if code in ("InvalidPart", "InvalidPartOrder", "EntityTooSmall"):
            raise invalid_parameter("parts", f"S3 says {code}.") from None
        raise


def can_sign_parts() -> bool:
    """Whether what the extra `s3` installs is there."""
    try:
        import botocore  # noqa: F401
    except ImportError:
        return False
    return True
