"""What a browser is told to refuse: foreign scripts, frames, guessed types."""

from urllib.parse import urlsplit

from flask import Flask, Response

from config.settings import Settings


def set_up(app: Flask, settings: Settings) -> None:
    """Add the security headers to every answer."""
    policy = content_policy(settings.map_style_url)
    is_tls = settings.cookie_secure

    @app.after_request
    def add(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        if is_tls:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if response.mimetype == "text/html":
            response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "geolocation=(), camera=(), microphone=()")
        return response


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
