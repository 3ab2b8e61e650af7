"""The limits on one file: on its size, on its unpacked size, and on the time and memory for cleaning it."""

import msgspec

__all__ = ["MB", "Limits"]

MB = 1_000_000


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    file_bytes: int = 100 * MB
    """Most bytes of the file: as many as WhatsApp accepts (Cloud API reference, "Supported media types")."""
    pixels: int = 100 * MB
    """Most pixels of an image, all its frames or pages together, or of one frame of a video."""
    photo_pixels: int = 250 * MB
    """Most pixels of a photo (JPEG), checked at an eighth of its size. The largest phones take 200 megapixels."""
    pages: int = 500
    """Most pages of a document."""
    seconds: int = 6 * 60 * 60
    """Most seconds that a recording may play."""
    expansion: int = 2_000
    """Most bytes that one packed byte may unpack to, in a file that unpacks to more than 16 MB."""
    nested: int = 3
    """Most archives and mails inside each other."""
    cpu_seconds: int = 60
    """Most seconds of processor time for cleaning one file, such as a long recording."""
    small_bytes: int = 5 * MB
    """Most bytes of a small file. Larger files, except recordings, may take longer in proportion to their size."""
    small_cpu_seconds: int = 10
    """Most seconds of processor time for cleaning a small file that is no recording."""
    wall_seconds: float = 120.0
    """Most seconds of wall-clock time for cleaning one file."""
    memory_bytes: int = 2_000 * MB
    """Most bytes of address space of each cleaning process, stacks and code included."""
    open_files: int = 64
    """Most open files of each cleaning process."""
    files: int = 1_000
    """Most files and folders that the processes of a job may make."""
    processes: int = 64
    """Most processes and threads of a job, besides those that a program starts for each processor."""

    @property
    def space_bytes(self) -> int:
        """Most bytes that a job's processes may write: some copies, each up to twice as large as the file."""
        return 6 * self.file_bytes

    def cpu_for(self, size: int) -> int:
        """Return the seconds of processor time for cleaning a file of this size that is no recording."""
        return min(self.cpu_seconds, self.small_cpu_seconds * max(size, self.small_bytes) // self.small_bytes)

    def expands_too_much(self, packed: int, unpacked: int) -> bool:
        """Whether a file of `packed` bytes may not unpack to `unpacked` bytes."""
        return unpacked > 16 * MB and unpacked > self.expansion * packed
