W4R_ERASURE_LEDGER = "/var/lib/w4r/erasures.jsonl"
