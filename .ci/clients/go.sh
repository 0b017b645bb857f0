# The clients of container registries: the conformance suite of the OCI distribution specification, and clients written in
# Go, from wherever Go is configured to look. Skopeo is the system's.

system go golang-go
system skopeo skopeo

# go_program <folder> <package> <version>
go_program() {
  is_installed "$1" "$3" && return 0
  rm -rf "$folder"
  mkdir -p "$folder"
  GOBIN="$folder" GOFLAGS=-mod=mod go install "$2@$3"
  touch "$mark"
}

go_program oci-conformance github.com/opencontainers/distribution-spec/conformance v0.0.0-20260831232431-97274622c111
go_program crane github.com/google/go-containerregistry/cmd/crane v0.22.1
go_program oras oras.land/oras/cmd/oras v1.3.6
go_program regctl github.com/regclient/regclient/cmd/regctl v0.11.7
