"""What a browser is told to refuse: foreign scripts, frames, guessed types."""

from urllib.parse import urlsplit

from flask import Flask, Response

from config.settings import Settings


def set_up(app: Flask, settings: Settings) -> None:
    """Add the security headers to every answer."""
    told = list_headers(settings)

    @app.after_request
    def add(response: Response) -> Response:
        for name, value in told.items():
            response.headers.setdefault(name, value)
        return response


def list_headers(settings: Settings) -> dict[str, str]:
    """The headers of every answer that does not say otherwise; what it holds is for its reader alone."""
    tls = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
    return {
        "Content-Security-Policy": content_policy(settings.map_style_url),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
        **(tls if settings.cookie_secure else {}),
    }


def content_policy(map_style_url: str | None) -> str:
    """The Content-Security-Policy: nothing but this site, and the map style's own where one is set."""
    parts = urlsplit(map_style_url or "")
    foreign = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "worker-src 'self'",
            "style-src 'self'",
            "font-src 'self'",
            f"img-src 'self' data: blob:{foreign}",
            f"connect-src 'self'{foreign}",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
