W4R_JOBS = "thread"
