# Prints the names that are nearest to `wanted`, of lines KIND NAME FILE: by the fewest letters that have to be added, taken
# away or changed, where a name that has `wanted` in it, or the other way round, counts as near. At most three.

function least(a, b, c) { return a < b ? (a < c ? a : c) : (b < c ? b : c) }

function distance(a, b,    i, j, above, left, here, row) {
	for (j = 0; j <= length(b); j++)
		row[j] = j
	for (i = 1; i <= length(a); i++) {
		above = row[0]
		row[0] = i
		for (j = 1; j <= length(b); j++) {
			here = least(row[j] + 1, row[j - 1] + 1, above + (substr(a, i, 1) != substr(b, j, 1)))
			above = row[j]
			row[j] = here
		}
	}
	return row[length(b)]
}

BEGIN {
	wanted = tolower(wanted)
	sub(/.*[\/:] */, "", wanted)
	sub(/\.(sql|spec|out|sh|py)$/, "", wanted)
}

{
	name = $2
	sub(/\.(sh|py)$/, "", name)
	if (name in cost)
		next
	cost[name] = distance(wanted, name)
	if (length(wanted) > 2 && (index(name, wanted) || index(wanted, name)))
		cost[name] = least(cost[name], 1, 1)
	names[++count] = name
	if (count == 1 || cost[name] < best)
		best = cost[name]
}

END {
	for (i = 1; i <= count && shown < 3; i++)
		if (cost[names[i]] == best)
			printf "%s%s", (shown++ ? ", " : ""), names[i]
	print ""
}
