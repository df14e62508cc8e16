"""What a killed worker leaves on the disk goes when its import is taken up again."""

from uuid import uuid4

import pytest

from services.ingest.imports.job_folder import job_folder


def test_the_folder_of_a_killed_worker_is_emptied_and_at_the_end_gone() -> None:
    import_id = uuid4()
    with job_folder(import_id) as folder:
        (folder / "left").write_text("by a worker that is killed now")
        with job_folder(import_id) as again:
            assert again == folder
            assert list(again.iterdir()) == []
    assert not folder.exists()


def test_the_folder_goes_with_a_failing_import() -> None:
    with pytest.raises(RuntimeError), job_folder(uuid4()) as folder:
        raise RuntimeError
    assert not folder.exists()
