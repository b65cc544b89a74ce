# Of valgrind's report, the errors with a frame of ours: blocks between the lines BEGIN and END that --error-markers gives.
/ BEGIN$/ { block = ""; inside = 1; ours = 0; next }
/ END$/ {
	if (inside && ours)
		printf "%s", block
	inside = 0
	next
}
inside {
	block = block $0 "\n"
	if (/bulk_sync/)
		ours = 1
}
