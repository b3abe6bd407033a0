"""What each section key means. Types and defaults come from ``flask_w4r.sections.Section``; a test keeps the two together."""

SECTION_KEYS = {
    "code": (
        "The section's own code: 2 to 32 letters, digits or underscores. It is in every row the section"
        " writes, so it cannot change later."
    ),
    "name": "The campaign's name, shown in the header, in emails and in consent texts.",
    "country": "ISO 3166-1 code in capitals. Makes language tags such as ``fr-MA``.",
    "locales": (
        "Languages of the pages, such as ``['ar', 'fr']``. ``flask w4r doctor`` names those without a"
        " catalogue; their pages are in English."
    ),
    "default_locale": "One of ``locales``; its pages have no language segment in the path. The first one if left out.",
    "time_zone": "IANA zone. Editions start and end at midnight there.",
    "preset": "A preset to start from; every other key overrides it.",
    "edition": "The year of the edition to show. If left out, the newest that has started.",
    "url_prefix": "Where the section is mounted. Sections that share a prefix need a ``host`` each.",
    "host": "Answer only under this host name.",
    "base_url": "Scheme and host for this section's links in emails and cards, before ``W4R_BASE_URL``.",
    "fields": "For each of ``first_name last_name one_name full_name email phone postcode newsletter``: ``required``,"
    " ``optional`` or ``hidden``. What is not named is hidden, but for ``one_name``. ``email`` may be hidden only where"
    " ``confirmation`` is ``none``. See :ref:`names`.",
    "custom_fields": (
        "Questions of your own. Each has ``name``, ``label`` (a text for each language), ``type``"
        " (``text``, ``select`` or ``checkbox``), and where wanted ``required``, ``choices``,"
        " ``max_length`` and ``hint``. Answers are encrypted with the rest of the signature."
    ),
    "min_age": (
        'Said in the default consent text: "I am 14 or older, ...". From 5 to 21. No date of birth is asked for.'
    ),
    "consents": "Your own words for ``petition``, ``newsletter``, ``email`` and ``message``, each with a ``version`` and a ``text`` for each"
    " language. The exact words are filed by hash. Raise the version when a word changes. ``hands_over`` of ``petition`` names what is"
    " handed over with it: ``name``, ``country``, and questions of ``custom_fields``; never an address, email or phone.",
    "shared_mailbox": "Let two people with different names sign from one address.",
    "privacy_url": "Your privacy notice, linked in the footer of our layout and at the form.",
    "contact": "An email address or a link for questions, in the footer of our layout, on paper, and where the address of a letter is"
    " not known.",
    "postal_address": "Where people send paper: up to 8 lines, as they stand on an envelope. Signature lists are sent back there, as they"
    " say themselves. No preset has one.",
    "desk_email": "Where the desk's emails go: the head of the log each day, and alerts.",
    "delivery_to": "Who petitions are handed over to, where a delivery names nobody: see :doc:`delivery`.",
    "action_types": "Types of action that are counted by beside those of :doc:`rollup`: a table of words by locale for each, such as ``{'sms': {'en': 'Text messages'}}``, or a list of types. They are reported and shown as all others, see :doc:`reports`. A section signs its numbers under them, and a centre takes them; both must have them.",
    "digital_at_centre": "The section's people sign on the centre's own site, whose digital actions are counted as a section of their own: `flask w4r tally report` says so.",
    "goals": 'What the campaign wants to reach, by type of action (``letter``), ``total``, ``people`` or ``schools``: ``{"letter": 1000}``. The campaign\'s page shows how far it is.',
    "class_mode": "What pupils may be asked by the link of their class: ``off``, nothing, there are no such links; ``teacher``, a tick that they"
    " wrote and no more; ``names``, first name and age, from ``min_age`` (13 where there is none) by themselves and below with a"
    " guardian's word. Ask your own law first: see :doc:`schools`.",
    "delivery_receipts": "Email each signer a receipt when their signature has been handed over.",
    "messages_shown": "The desk may put messages of solidarity on the case's page, where their writers agreed: see :doc:`messages`.",
    "share_sources": "What ``?src=`` of a case's address may say, and is counted by; nothing else is. ``[]`` counts nothing, and"
    " links to share carry no source: see :doc:`sharing`.",
    "embassy_addresses": "Where a copy of a letter goes, by the ISO code of the case's country: ``lines``, in the order in which"
    " they stand on an envelope, and ``verified_on``, the day they were last checked. See :doc:`letters`.",
    "postage_hint": "What a stamp costs and where letters can be handed in, as a text for each language: it stands beside"
    " every letter.",
    "map_center": "Latitude and longitude of the middle of the event map's first view; without it all events are shown.",
    "map_zoom": "How close that view is, on a wide screen: 4 for a continent's half, 6 for a small country.",
    "window": "``starts_on`` and ``ends_on``, as dates: your own days for the edition, before the kit's."
    " ``hosting_opens_on``: from when people may host events; else from the edition's first day.",
    "confirmation": "``email``: a signature counts once its email address is confirmed. ``none``: at once.",
    "vocabularies": "Words of your own for ``topics sensitive solidarity_rules outcomes units`` of a kit, each with a label"
    " for each language: see :doc:`kits`.",
    "retention": "How long this section keeps what, in days by name, in place of ``W4R_RETENTION``: see :ref:`how-long`. What is"
    " not named stays as it is there.",
    "retention_longest": "The most that this section may keep, in days by name. Where the preset says so, a section can make it"
    " shorter only; what is longer stops the start.",
    "emails": "How emails to those in power are written and sent: ``mode editable longest per_hour in_all opens closes sender"
    " copy_to copy_to_supporter show_address verified_days``, see :doc:`emails`.",
    "theme": "Colours, type and radius: see :doc:`templates`.",
}
