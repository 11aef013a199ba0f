module tail

go 1.22
