W4R_STATUS_FEED = {
    "url": "https://centre.example.org/write-for-rights/api/v1/status-feed",
    "public_key": "2jm3gtXuXBdZBE0jnDOdZRKeH9Su1PbfPpnYPLbFPGg",
    "sender": "INT",
}
