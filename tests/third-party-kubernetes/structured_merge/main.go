// The engine of server-side apply in every API server, as a program: one request a line, one answer a line, both JSON.
// Nothing is remembered from one to the next.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"

	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v4/merge"
	"sigs.k8s.io/structured-merge-diff/v4/typed"
)

type request struct {
	// Whether the object is applied, or is what an update made of the live one.
	Apply    bool
	Live     interface{}
	Object   interface{}
	Managers map[string]json.RawMessage
	Manager  string
	Force    bool
}

type answer struct {
	Object    interface{}                `json:"object"`
	Managers  map[string]json.RawMessage `json:"managers"`
	Conflicts [][2]string                `json:"conflicts"`
}

// There is one version only.
type converter struct{}

func (converter) Convert(object *typed.TypedValue, _ fieldpath.APIVersion) (*typed.TypedValue, error) {
	return object, nil
}

func (converter) IsMissingVersionError(error) bool { return false }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	schema, err := os.ReadFile(os.Args[1])
	must(err)
	parser, err := typed.NewParser(typed.YAMLObject(schema))
	must(err)
	account := parser.Type("ServiceAccount")
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	output := json.NewEncoder(os.Stdout)
	for input.Scan() {
		var asked request
		must(json.Unmarshal(input.Bytes(), &asked))
		must(output.Encode(answered(account, asked)))
	}
}

func answered(account typed.ParseableType, asked request) answer {
	live, err := account.FromUnstructured(asked.Live)
	must(err)
	object, err := account.FromUnstructured(asked.Object)
	must(err)
	managers := fieldpath.ManagedFields{}
	for name, fields := range asked.Managers {
		set := &fieldpath.Set{}
		must(set.FromJSON(strings.NewReader(string(fields))))
		managers[name] = fieldpath.NewVersionedSet(set, "v1", strings.HasSuffix(name, "/Apply"))
	}
	updater := merge.Updater{Converter: converter{}}
	if asked.Apply {
		made, changed, err := updater.Apply(live, object, "v1", managers, asked.Manager, asked.Force)
		if conflicts, is := err.(merge.Conflicts); is {
			told := answer{Conflicts: [][2]string{}}
			for _, conflict := range conflicts {
				told.Conflicts = append(told.Conflicts, [2]string{conflict.Manager, conflict.Path.String()})
			}
			return told
		}
		must(err)
		managers = changed
		// Nothing stands for an object that is as it was.
		object = live
		if made != nil {
			object = made
		}
	} else {
		_, managers, err = updater.Update(live, object, "v1", managers, asked.Manager)
		must(err)
	}
	told := answer{Object: object.AsValue().Unstructured(), Managers: map[string]json.RawMessage{}}
	for name, set := range managers {
		fields, err := set.Set().ToJSON()
		must(err)
		told.Managers[name] = fields
	}
	return told
}
