module network

go 1.22
