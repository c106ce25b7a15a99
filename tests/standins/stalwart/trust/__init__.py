"""What mail servers believe of a mail: names, SPF, signatures, DMARC."""
