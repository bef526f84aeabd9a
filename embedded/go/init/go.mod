module glitchkeeper.test/init

go 1.24
