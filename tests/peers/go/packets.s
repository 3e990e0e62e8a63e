// Empty on purpose: with an assembly file in the package, Go accepts the declaration without body in packets.go.
