"""The objects a first normal start makes, and the fields each type has. Source: the recorded answers of 0.16.18."""

import copy
from typing import Any

Object = dict[str, Any]

_LISTENER: Object = {
    "name": "",
    "bind": {},
    "protocol": "smtp",
    "overrideProxyTrustedNetworks": {},
    "socketReusePort": True,
    "useTls": True,
    "tlsImplicit": False,
    "tlsTimeout": 60000,
    "maxConnections": 8192,
}
_SERVICE = {"hostname": None, "cleartext": False}

_ON_PORT_25 = {"match": {"0": {"if": "local_port == 25", "then": "relaxed"}}, "else": "disable"}

# Type -> the fields of an object and their defaults. What is not here is refused as an invalid property.
FIELDS: dict[str, Object] = {
    "Domain": {
        "name": "",
        "aliases": {},
        "isEnabled": True,
        "createdAt": "",
        "description": None,
        "logo": None,
        "certificateManagement": {"@type": "Manual"},
        "dkimManagement": {"@type": "Automatic"},
        "dnsManagement": {"@type": "Manual"},
        "memberTenantId": None,
        "directoryId": None,
        "catchAllAddress": None,
        "subAddressing": {"@type": "Enabled"},
        "allowRelaying": False,
        "reportAddressUri": "mailto:postmaster",
        "dnsZoneFile": "",
    },
    "SystemSettings": {
        "defaultHostname": "",
        "defaultDomainId": "p333333333333",
        "defaultCertificateId": None,
        "threadPoolSize": None,
        "maxConnections": 8192,
        "proxyTrustedNetworks": {},
        "mailExchangers": {"0": {"hostname": None, "priority": 10}},
        "services": {
            name: dict(_SERVICE)
            for name in ("caldav", "carddav", "imap", "jmap", "managesieve", "pop3", "smtp", "webdav")
        },
        "providerInfo": {},
    },
    "Coordinator": {
        "@type": "Disabled",
        "addresses": {"127.0.0.1:4444": True},
        "authUsername": "stalwart",
        "authSecret": {"@type": "None"},
        "credentials": {"@type": "None"},
        "useTls": False,
        "noEcho": True,
        "maxReconnects": None,
        "timeoutConnection": 5000,
        "timeoutRequest": 10000,
        "pingInterval": 60000,
    },
    "NetworkListener": _LISTENER,
    "Tracer": {
        "@type": "Log",
        "enable": True,
        "level": "info",
        "path": "",
        "prefix": "",
        "rotate": "daily",
        "ansi": False,
        "multiline": False,
        "lossy": False,
        "events": {},
        "eventsPolicy": "exclude",
    },
    "AllowedIp": {"address": "", "reason": "", "expiresAt": None},
    "Email": {"encryptAtRest": True, "encryptOnAppend": False, "maxMessageSize": 75000000},
    "MtaConnectionStrategy": {
        "name": "",
        "description": None,
        "ehloHostname": None,
        "sourceIps": {},
        "connectTimeout": 300000,
    },
    "MtaInboundThrottle": {
        "enable": True,
        "description": "",
        "key": {},
        "match": {"match": {}, "else": "true"},
        "rate": {},
    },
    "Application": {
        "enabled": True,
        "description": "",
        "resourceUrl": "",
        "urlPrefix": {},
        "autoUpdateFrequency": 2592000000,
        "unpackDirectory": None,
    },
    "SpamSettings": {
        "enable": True,
        "scoreSpam": 5.0,
        "scoreDiscard": 0.0,
        "scoreReject": 0.0,
        "trustContacts": True,
        "trustReplies": True,
        "greylistFor": None,
        "spamFilterRulesUrl": "https://github.com/stalwartlabs/spam-filter/releases/latest/download/spam-filter-rules.json.gz",
    },
    "MtaSts": {"maxAge": 604800000, "mode": "testing", "mxHosts": {}},
    "SpamPyzor": {
        "enable": True,
        "host": "public.pyzor.org",
        "port": 24441,
        "ratio": 0.2,
        "timeout": 5000,
        "blockCount": 5,
        "allowCount": 10,
    },
    "Asn": {
        "@type": "Resource",
        "expires": 86400000,
        "maxSize": 104857600,
        "timeout": 300000,
        "asnUrls": {},
        "geoUrls": {},
        "httpAuth": {"@type": "Unauthenticated"},
        "httpHeaders": {},
    },
    "SenderAuth": {
        "dkimSignDomain": {
            "match": {
                "0": {"if": "is_local_domain(sender_domain) && !is_empty(authenticated_as)", "then": "sender_domain"}
            },
            "else": "false",
        },
        "dkimStrict": True,
        "dkimVerify": {"match": {}, "else": "relaxed"},
        "spfEhloVerify": copy.deepcopy(_ON_PORT_25),
        "spfFromVerify": copy.deepcopy(_ON_PORT_25),
        "arcVerify": {"match": {}, "else": "disable"},
        "dmarcVerify": copy.deepcopy(_ON_PORT_25),
        "reverseIpVerify": copy.deepcopy(_ON_PORT_25),
    },
    "Account": {
        "@type": "User",
        "name": "",
        "domainId": "",
        "description": None,
        "roles": {"@type": "User"},
        "credentials": {},
        "aliases": {},
        "encryptionAtRest": {"@type": "Disabled"},
        "quotas": {},
        "locale": "en_US",
        "permissions": {"@type": "Inherit"},
        "memberGroupIds": {},
        "memberTenantId": None,
        "timeZone": None,
        "createdAt": "",
    },
    "PublicKey": {
        "accountId": "",
        "key": "",
        "description": "",
        "createdAt": "",
        "expiresAt": None,
        "emailAddresses": {},
    },
    "MailingList": {
        "name": "",
        "domainId": "",
        "description": None,
        "aliases": {},
        "memberTenantId": None,
        "recipients": {},
    },
    "MemoryLookupKeyValue": {"namespace": "", "key": "", "value": "", "isGlobPattern": False},
    "AcmeProvider": {
        "directory": "https://acme-v02.api.letsencrypt.org/directory",
        "challengeType": "TlsAlpn01",
        "contact": {},
        "renewBefore": "R23",
        "maxRetries": 10,
        "accountKey": "",
        "accountUri": "",
        "description": "",
        "eabKeyId": None,
        "eabHmacKey": None,
        "memberTenantId": None,
        "preferredChain": None,
        "reuseKey": False,
    },
    "Certificate": {
        "certificate": {"@type": "Text", "value": ""},
        "privateKey": {"@type": "Text", "secret": ""},
        "issuer": "",
        "notValidAfter": "",
        "notValidBefore": "",
        "subjectAlternativeNames": {},
    },
    "DkimSignature": {
        "@type": "Dkim1Ed25519Sha256",
        "auid": None,
        "canonicalization": "relaxed/relaxed",
        "createdAt": "",
        "domainId": "",
        "expire": None,
        "headers": dict.fromkeys(("From", "To", "Date", "Subject", "Message-ID"), True),
        "memberTenantId": None,
        "nextTransitionAt": None,
        "privateKey": {"@type": "Text", "secret": ""},
        "publicKey": "",
        "report": True,
        "selector": "",
        "stage": "active",
        "thirdParty": None,
        "thirdPartyHash": None,
    },
    "MtaTlsStrategy": {
        "name": "",
        "description": None,
        "allowInvalidCerts": False,
        "dane": "optional",
        "mtaSts": "optional",
        "startTls": "optional",
        "mtaStsTimeout": 300000,
        "tlsTimeout": 180000,
    },
    "MtaOutboundStrategy": {
        "connection": {"match": {}, "else": "'default'"},
        "route": {"match": {"0": {"if": "is_local_domain(rcpt_domain)", "then": "'local'"}}, "else": "'mx'"},
        "schedule": {
            "match": {
                "0": {"if": "is_local_domain(rcpt_domain)", "then": "'local'"},
                "1": {"if": "source == 'dsn'", "then": "'dsn'"},
                "2": {"if": "source == 'report'", "then": "'report'"},
            },
            "else": "'remote'",
        },
        "tls": {
            "match": {"0": {"if": "retry_num > 0 && last_error == 'tls'", "then": "'invalid-tls'"}},
            "else": "'default'",
        },
    },
    "MtaStageData": {
        **{
            name: {"match": {"0": {"if": "local_port == 25", "then": "true"}}, "else": "false"}
            for name in (
                "addAuthResultsHeader",
                "addDateHeader",
                "addMessageIdHeader",
                "addReceivedHeader",
                "addReceivedSpfHeader",
                "addReturnPathHeader",
            )
        },
        "addDeliveredToHeader": True,
        "maxMessages": {"match": {}, "else": "10"},
        "maxReceivedHeaders": {"match": {}, "else": "50"},
        "maxMessageSize": {"match": {}, "else": "104857600"},
        "script": {"match": {}, "else": "false"},
        "enableSpamFilter": {"match": {}, "else": "is_empty(authenticated_as)"},
    },
    "Security": {
        **{
            key: value
            for what, count in (("abuse", 35), ("auth", 100), ("loiter", 150), ("scan", 30))
            for key, value in (
                (f"{what}BanRate", {"count": count, "period": 86400000}),
                (f"{what}BanPeriod", None),
            )
        },
        "scanBanPaths": dict.fromkeys(
            (
                "*.php*",
                "*.cgi*",
                "*.asp*",
                "*/wp-*",
                "*/php*",
                "*/cgi-bin*",
                "*xmlrpc*",
                "*../*",
                "*/..*",
                "*joomla*",
                "*wordpress*",
                "*drupal*",
            ),
            True,
        ),
    },
    "QueuedMessage": {},
    "ClusterNode": {},
}
SINGLETONS = {
    "SystemSettings",
    "MtaSts",
    "Coordinator",
    "Email",
    "SpamSettings",
    "SpamPyzor",
    "Asn",
    "MtaOutboundStrategy",
    "SenderAuth",
    "MtaStageData",
    "Security",
}

# Type -> variant -> its fields, for types whose objects are not all alike.
VARIANTS: dict[str, dict[str, Object]] = {
    "MtaRoute": {
        "Mx": {"name": "", "description": None, "ipLookupStrategy": "v4ThenV6", "maxMultihomed": 2, "maxMxHosts": 5},
        "Local": {"name": "", "description": None},
        "Relay": {
            "name": "",
            "description": None,
            "address": "",
            "port": 25,
            "protocol": "smtp",
            "implicitTls": False,
            "allowInvalidCerts": False,
            "authUsername": None,
            "authSecret": {"@type": "None"},
        },
    }
}
_WRITING: Object = {
    "description": "",
    "memberTenantId": None,
    "timeout": 30000,
    "ttl": 300000,
    "pollingInterval": 15000,
    "propagationTimeout": 60000,
    "propagationDelay": None,
}
VARIANTS["DnsServer"] = {
    "Tsig": {
        "host": "",
        "port": 53,
        "keyName": "",
        "key": {"@type": "Value", "secret": ""},
        "protocol": "udp",
        "tsigAlgorithm": "hmac-sha512",
        **_WRITING,
    },
    "Hetzner": {"secret": {"@type": "Value", "secret": ""}, **_WRITING},
}
VARIANTS["Task"] = {"AcmeRenewal": {"domainId": "", "status": {"@type": "Pending"}, "due": None}}
for _name, _variants in VARIANTS.items():
    FIELDS[_name] = {key: value for fields in _variants.values() for key, value in fields.items()}

# Type -> the properties that are unique together.
UNIQUE = {
    "Domain": ("name",),
    "NetworkListener": ("name",),
    "AllowedIp": ("address",),
    "MtaRoute": ("name",),
    "MtaTlsStrategy": ("name",),
}


def first_objects() -> list[tuple[str, Object]]:
    """What is made for each type that has no object yet."""
    made: list[tuple[str, Object]] = []
    for name, port, protocol, implicit in (
        ("smtp", 25, "smtp", False),
        ("submissions", 465, "smtp", True),
        ("imaps", 993, "imap", True),
        ("pop3s", 995, "pop3", True),
        ("sieve", 4190, "manageSieve", False),
        ("https", 443, "http", True),
        ("http", 8080, "http", False),
    ):
        listener = {**copy.deepcopy(_LISTENER), "name": name, "bind": {f"[::]:{port}": True}, "protocol": protocol}
        made.append(("NetworkListener", {**listener, "tlsImplicit": implicit}))
    made.append(
        (
            "Application",
            {
                **FIELDS["Application"],
                "description": "Stalwart Web Interface",
                "resourceUrl": "https://github.com/stalwartlabs/webui/releases/latest/download/webui.zip",
                "urlPrefix": {"/admin": True, "/account": True},
            },
        )
    )
    for description, key, count, period in (
        ("Sender IP throttle", {"remoteIp": True}, 5, 1000),
        ("Sender address to recipient throttle", {"senderDomain": True, "rcpt": True}, 25, 3600000),
    ):
        throttle = {**copy.deepcopy(FIELDS["MtaInboundThrottle"]), "description": description, "key": key}
        made.append(("MtaInboundThrottle", {**throttle, "rate": {"count": count, "period": period}}))
    made.append(("MtaConnectionStrategy", {**copy.deepcopy(FIELDS["MtaConnectionStrategy"]), "name": "default"}))
    for variant, name, description in (("Mx", "mx", "MX delivery route"), ("Local", "local", "Local delivery route")):
        route = {**VARIANTS["MtaRoute"][variant], "@type": variant, "name": name, "description": description}
        made.append(("MtaRoute", route | ({"maxMxHosts": 2} if variant == "Mx" else {})))
    for name, description, lax in (
        ("invalid-tls", "Allow invalid TLS certificates", True),
        ("default", "Default TLS settings", False),
    ):
        strategy = {**FIELDS["MtaTlsStrategy"], "name": name, "description": description, "allowInvalidCerts": lax}
        made.append(("MtaTlsStrategy", strategy))
    made.append(("Tracer", {**FIELDS["Tracer"], "path": "/var/log/stalwart", "prefix": "stalwart.log"}))
    return made
