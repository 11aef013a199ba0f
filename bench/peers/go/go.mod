module warren_peer

go 1.22
