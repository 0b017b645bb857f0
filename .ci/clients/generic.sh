# The clients of generic packages: what a system has.
system curl curl
system wget wget
system python3 python3
