"""QR codes: as SVG for pages whose policy allows no inline style, and as files."""

from __future__ import annotations

import io

from markupsafe import Markup


def qr_file(text: str) -> bytes:
    """A QR code as a file of its own."""
    import segno

    made = io.BytesIO()
    segno.make(text, error="m", micro=False).save(made, kind="svg", scale=10, border=4, dark="#000", light="#fff")
    return made.getvalue()


def qr_png(text: str) -> bytes:
    """The same in pixels, large enough to print."""
    import segno

    made = io.BytesIO()
    segno.make(text, error="m", micro=False).save(made, kind="png", scale=24, border=4, dark="#000", light="#fff")
    return made.getvalue()


def qr_svg(text: str, label: str, *, scale: int = 5) -> Markup:
    """Draw a QR code.

    :param text: what it says, such as a URL.
    :param label: what it is, for who cannot see it.
    :param scale: the size of a module, in pixels.
    """
    # One page draws it: no reason for every start to load the drawing.
    import segno

    # Black on white in dark mode too, with its margin: cameras want it so.
    drawn = segno.make(text, error="m", micro=False).svg_inline(
        scale=scale, border=4, dark="#000", light="#fff", omitsize=False, title=label
    )
    return Markup(drawn.replace("<svg ", '<svg role="img" ', 1))  # noqa: S704  segno escapes the title
