# The clients of Java packages: Maven and Gradle of the system, and newer Mavens, a newer Gradle, sbt and Coursier by way
# of Maven, from wherever it is configured to look.

system javac default-jdk-headless
system mvn maven
system gradle gradle

copy=org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy
tool=mvn
maven() {
  "$tool" --batch-mode --quiet --no-transfer-progress "-Dmaven.repo.local=$home/maven-repository" "$@"
}

# distribution <folder> <group:artifact> <version>
distribution() {
  is_installed "$1" "$3" && return 0
  rm -rf "$folder"
  mkdir -p "$folder"
  maven "$copy" "-Dartifact=$2:$3:tar.gz:bin" "-DoutputDirectory=$folder"
  tar -xzf "$folder/${2#*:}-$3-bin.tar.gz" -C "$folder" --strip-components 1
  rm "$folder/${2#*:}-$3-bin.tar.gz"
  touch "$mark"
}

distribution maven-3 org.apache.maven:apache-maven 3.9.16
distribution maven-4 org.apache.maven:apache-maven 4.0.0-rc-4

# java_program <folder> <group:artifact> <version>: a program with its libraries, whose paths are in the file `classpath`
java_program() {
  is_installed "$1" "$3" && return 0
  rm -rf "$folder"
  mkdir -p "$folder"
  cat > "$folder/pom.xml" << EOF
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>packhouse</groupId><artifactId>$1</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>${2%:*}</groupId><artifactId>${2#*:}</artifactId><version>$3</version>
  </dependency></dependencies>
</project>
EOF
  maven -f "$folder/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath \
    -DincludeScope=runtime "-Dmdep.outputFile=$folder/classpath"
  touch "$mark"
}

java_program coursier io.get-coursier:coursier-cli_2.13 2.1.24
# Gradle itself is not in the central repository, but its code is, for those who write plugins.
java_program gradle-8 dev.gradleplugins:gradle-api 8.11.1

# What the tests' builds need beside what they publish: the builds run once, so that it is there.
projects=$here/test/clients/maven
mark=$home/maven-repository/installed-2-$(cat "$projects"/*/pom.xml "$projects"/*/*/pom.xml | cksum | cut -d ' ' -f 1)
if [ ! -e "$mark" ]; then
  work=$(mktemp -d)
  cp -R "$projects/project" "$projects/consumer" "$projects/spring" "$work"
  for tool in mvn "$home/maven-3/bin/mvn" "$home/maven-4/bin/mvn"; do
    maven -f "$work/project" deploy "-Dpackhouse.url=file://$work/deployed"
    maven -f "$work/consumer" compile
  done
  rm -rf "$home/maven-repository/com/example"
  tool=mvn
  maven -f "$work/spring" "-Dmaven.repo.local=$home/maven-spring" compile
  rm -rf "$work"
  touch "$mark"
fi

sbt=$home/sbt
mark=$sbt/installed-1.11.7
if [ ! -e "$mark" ]; then
  rm -rf "$sbt"
  mkdir -p "$sbt"
  maven "$copy" -Dartifact=org.scala-sbt:sbt-launch:1.11.7 "-DoutputDirectory=$sbt"
  mv "$sbt/sbt-launch-1.11.7.jar" "$sbt/sbt-launch.jar"
  work=$(mktemp -d)
  mkdir "$work/project"
  printf 'sbt.version=1.11.7\n' > "$work/project/build.properties"
  printf 'autoScalaLibrary := false\ncrossPaths := false\nmanagedScalaInstance := false\n' > "$work/build.sbt"
  (cd "$work" && COURSIER_CACHE=$sbt/coursier java "-Duser.home=$work" "-Dsbt.boot.directory=$sbt/boot" \
    "-Dsbt.global.base=$work/global" "-Dsbt.ivy.home=$work/ivy" -Dsbt.ci=true -jar "$sbt/sbt-launch.jar" update)
  rm -rf "$work"
  touch "$mark"
fi
